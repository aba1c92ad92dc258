import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { EngineError, isConflict } from '../engine/index.js';
import { DeadlineExceeded, withDeadline } from '../streams/index.js';

/** How an instance is to be stopped, in seconds. */
export interface StopOptions {
  /** How long it may take to stop cleanly; 0 stops it at once. */
  readonly timeout: number;
  /** How often to ask again meanwhile; 0 asks once. */
  readonly retry_interval: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Stops a container: asks it to end, again every `retry_interval`, and ends it at `timeout`. One that does not run is left as it is. A
 * paused one is woken by the engine, which sends the signal when it runs again.
 */
export async function stopContainer(
  engine: Engine,
  container: ContainerRef,
  options: StopOptions,
): Promise<void> {
  const { signal } = options;
  const retry_interval = wholeSeconds(options.retry_interval);
  let remaining = wholeSeconds(options.timeout);
  try {
    while (retry_interval > 0 && remaining > retry_interval) {
      if (await stopsWithin(engine, container, retry_interval, signal)) return;
      remaining -= retry_interval;
    }
  } catch (error) {
    // The image names a signal that does not exist. The engine then refuses every other signal too, but it can stop the container.
    if (!(error instanceof EngineError && /invalid signal/i.test(error.engineMessage))) throw error;
  }
  await engine.containers.stop(container, { timeout: remaining, signal });
}

/** Asks a container to end; tells whether it did so in time. */
async function stopsWithin(
  engine: Engine,
  container: ContainerRef,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { State: state, Config: configuration } = await engine.containers.inspect(container, { signal });
  if (!state.Running) return true;
  try {
    await engine.containers.kill(container, { signal: configuration.StopSignal ?? 'SIGTERM' });
    await withDeadline('a clean stop', seconds * 1000, signal, (within) =>
      engine.containers.wait(container, { condition: 'not-running', signal: within }),
    );
    return true;
  } catch (error) {
    if (error instanceof DeadlineExceeded) return false;
    // It ended between the look and the signal.
    if (isConflict(error)) return true;
    throw error;
  }
}

/** The engine counts whole seconds. */
function wholeSeconds(seconds: number): number {
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new InvalidInput(`${String(seconds)} is not a number of seconds to wait for an instance to stop`);
  return Math.ceil(seconds);
}
