import { type ImageMeta, type Instance, InvalidInput } from '../../../interfaces/index.js';

/** Seconds for a clean stop. Nova: `[DEFAULT] shutdown_timeout`. */
export const defaultShutdownSeconds = 60;

/**
 * The time for a clean stop: the image's `os_shutdown_timeout`, else Nova's default.
 *
 * @returns seconds.
 * @throws InvalidInput when the property is not a whole number of seconds.
 */
export function shutdownTimeout(instance: Instance, image_meta?: ImageMeta): number {
  const value =
    image_meta?.properties?.['os_shutdown_timeout'] ??
    instance.system_metadata?.['image_os_shutdown_timeout'];
  if (value === undefined || value === null) return defaultShutdownSeconds;
  const seconds = Number(value);
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw new InvalidInput(`os_shutdown_timeout must be a number of seconds, not ${JSON.stringify(value)}`);
  return seconds;
}
