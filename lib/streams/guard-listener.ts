import type { Logger } from '../../interfaces/index.js';

/**
 * Isolates a caller's listener: its errors never reach the operation, and only the first one is logged.
 *
 * @param listener - still called after it has failed, synchronously or asynchronously.
 * @param name - the name of the listener's option, for the log.
 */
export function guardListener<T>(
  listener: ((value: T) => unknown) | undefined,
  logger: Logger,
  name = 'onProgress',
): ((value: T) => void) | undefined {
  if (listener === undefined) return undefined;
  let isLogged = false;
  const onFailure = (error: unknown): void => {
    if (!isLogged) logger.warn(`${name} threw: the operation continues`, { error });
    isLogged = true;
  };
  return (value) => void Promise.resolve(value).then(listener).catch(onFailure);
}
