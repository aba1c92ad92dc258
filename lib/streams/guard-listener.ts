import type { Logger, OnProgress } from '../../interfaces/index.js';

/**
 * Isolates a progress listener: its errors never reach the caller, and only the first one is logged.
 *
 * @param listener - still called after it has failed, synchronously or asynchronously.
 */
export function guardListener(listener: OnProgress | undefined, logger: Logger): OnProgress | undefined {
  if (listener === undefined) return undefined;
  let isLogged = false;
  const onFailure = (error: unknown): void => {
    if (!isLogged) logger.warn('a listener to progress failed', { error });
    isLogged = true;
  };
  return (progress) => void Promise.resolve(progress).then(listener).catch(onFailure);
}
