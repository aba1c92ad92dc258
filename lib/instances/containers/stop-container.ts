import type { Logger } from '../../../interfaces/index.js';
import {
  type ContainerInspect,
  type ContainerRef,
  type Engine,
  EngineError,
  engineWords,
  isConflict,
  mayHaveSucceeded,
} from '../../engine/index.js';
import { DeadlineExceeded, withDeadline } from '../../streams/index.js';
import { recordRequestedStop } from '../states/index.js';
import { defaultShutdownSeconds } from '../specification/index.js';

/** How to stop an instance; times in seconds. */
interface StopOptions {
  /** Time for a clean stop; 0 kills at once. */
  readonly timeout: number;
  /** Interval between repeated stop signals; 0 sends the signal once. */
  readonly retry_interval: number;
  readonly signal?: AbortSignal | undefined;
}

/** What stopping needs of a compute node. */
interface StopEnvironment {
  readonly engine: Engine;
  readonly logger: Logger;
}

/**
 * Stops a container: sends its stop signal, repeats it every `retry_interval`, and kills the container after `timeout`.
 * No-op if it does not run. The engine unfreezes a frozen container, which then receives the signal (20.10 to 28.5).
 * Records that the stop was requested, so that no exit code counts as a crash.
 */
export async function stopContainer(
  { engine, logger }: StopEnvironment,
  container: ContainerRef,
  options: StopOptions,
): Promise<void> {
  await stopInTime(engine, container, options);
  await recordRequestedStop(engine, container, logger, options.signal);
}

async function stopInTime(engine: Engine, container: ContainerRef, options: StopOptions): Promise<void> {
  const { signal } = options;
  // The engine counts whole seconds.
  const retry_interval = Math.ceil(options.retry_interval);
  let remaining = Math.ceil(options.timeout);
  try {
    while (retry_interval > 0 && remaining > retry_interval) {
      if (await stopsWithin(engine, container, retry_interval, signal)) return;
      remaining -= retry_interval;
    }
  } catch (error) {
    signal?.throwIfAborted();
    // The stop below retries, and reports its own failure.
    if (!isNoSuchSignal(error) && !mayHaveSucceeded(error)) throw error;
  }
  await stop(engine, container, remaining, signal);
}

/**
 * Stops a container for a verb that starts it again on failure. A stop signal cannot be revoked. So when the caller
 * aborts, this function waits until the container has stopped before it throws; otherwise the pending stop would hit
 * the container that the verb starts again.
 */
export async function stopForReplacement(
  node: StopEnvironment,
  container: ContainerRef,
  options: StopOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  try {
    await stopContainer(node, container, options);
  } catch (error) {
    if (options.signal?.aborted === true)
      await stopContainer(node, container, { timeout: options.timeout, retry_interval: 0 });
    throw error;
  }
}

/** Stops a container within the time that its instance got for a clean stop when it was created. */
export async function stopContainerCleanly(
  node: StopEnvironment,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await stopContainer(node, container.Id, { ...cleanly(container), signal });
}

/** The options of a stop within the time that the instance got for a clean stop when it was created. */
export const cleanly = ({ Config: configuration }: ContainerInspect): StopOptions => ({
  timeout: configuration.StopTimeout ?? defaultShutdownSeconds,
  retry_interval: 0,
});

/**
 * Requests a stop from the engine. Stopping is idempotent, so a request whose answer was lost is retried for the
 * remaining time.
 */
async function stop(
  engine: Engine,
  container: ContainerRef,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  try {
    await engine.containers.stop(container, { timeout: seconds, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!mayHaveSucceeded(error)) throw error;
    const timeout = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    await engine.containers.stop(container, { timeout, signal });
  }
}

/** Sends a container its stop signal; returns whether it stopped in time. */
async function stopsWithin(
  engine: Engine,
  container: ContainerRef,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { State: state, Config: configuration } = await engine.containers.inspect(container, { signal });
  if (!state.Running) return true;
  try {
    const stopSignal = configuration.StopSignal ?? 'SIGTERM';
    await engine.containers.kill(container, { signal: stopSignal, abortSignal: signal });
  } catch (error) {
    // It ended between the inspection and the signal.
    if (isConflict(error)) return true;
    throw error;
  }
  return await endsWithin(engine, container, seconds, signal);
}

async function endsWithin(
  engine: Engine,
  container: ContainerRef,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await withDeadline('a clean stop', seconds * 1000, signal, (within) =>
      engine.containers.wait(container, { condition: 'not-running', signal: within }),
    );
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DeadlineExceeded) return false;
    throw error;
  }
}

/**
 * The image's stop signal does not exist. 20.10 then refuses every other signal too, but the engine can still stop the
 * container.
 */
function isNoSuchSignal(error: unknown): boolean {
  return error instanceof EngineError && engineWords.noSuchSignal.test(error.engineMessage);
}
