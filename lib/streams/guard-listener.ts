import type { Logger, OnProgress } from '../../interfaces/index.js';

/**
 * A listener to progress whose mistakes are its own: the work that it listens to goes on. The first one is logged.
 *
 * @param listener - told all the same after it has failed, be it at once or as an asynchronous function does.
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
