import type { Logger } from '../../interfaces/index.js';
import { imageCacheVolume, unusedSince } from '../common/index.js';
import { type Engine, isConflict, isNotFound, volumeName } from '../engine/index.js';

/** The volume that has the times as its labels. */
const volume = volumeName(imageCacheVolume);

/**
 * Reads since when each image has been unused, in seconds since 1970, by cache key.
 *
 * The times are stored in the labels of an empty volume, which outlives the driver and is shared by all hosts of the
 * engine. Malformed entries are skipped: such an image counts as unused from now on. The engine's own last-tag time
 * does not work, because containerd's store keeps the old time when a tag is set again.
 */
export async function readUnusedSince(
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  try {
    const { Labels: labels } = await engine.volumes.inspect(volume, { signal });
    return new Map(
      Object.entries(labels)
        .filter(([key, since]) => key.startsWith(unusedSince) && /^\d{1,15}$/.test(since))
        .map(([key, since]) => [key.slice(unusedSince.length), Number(since)]),
    );
  } catch (error) {
    if (isNotFound(error)) return new Map();
    throw error;
  }
}

/**
 * Stores since when each image has been unused. It replaces the volume, because an engine cannot change labels; times
 * lost in between only make images stay longer.
 */
export async function writeUnusedSince(
  engine: Engine,
  since: ReadonlyMap<string, number>,
  logger: Logger,
): Promise<void> {
  try {
    await engine.volumes.remove(volume);
  } catch (error) {
    if (isConflict(error)) {
      logger.warn(
        'kept all unused images: a container has mounted the volume that records how long they have been unused',
        {
          volume,
        },
      );
      return;
    }
    if (!isNotFound(error)) throw error;
  }
  if (since.size === 0) return;
  const labels: Record<string, string> = {};
  for (const [id, seconds] of since) labels[`${unusedSince}${id}`] = String(seconds);
  await engine.volumes.create({ Name: volume, Labels: labels });
}
