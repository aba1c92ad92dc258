import { type ImageMeta, type Instance, InvalidInput } from '../../interfaces/index.js';
import {
  type ContainerInspect,
  type ContainerRef,
  type Engine,
  EngineError,
  isConflict,
  mayHaveBeenDone,
  type ContainerId,
  isNotFound,
} from '../engine/index.js';
import { DeadlineExceeded, withDeadline, pause } from '../streams/index.js';
import { never } from './power-state.js';
import { noteRequestedStop } from './requested-stop.js';

/** How an instance is to be stopped, in seconds. */
interface StopOptions {
  /** How long it may take to stop cleanly; 0 stops it at once. */
  readonly timeout: number;
  /** How often to ask again meanwhile; 0 asks once. */
  readonly retry_interval: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Stops a container: asks it to end, again every `retry_interval`, and ends it at `timeout`. One that does not run is
 * left as it is. A frozen one is woken by the engine, which hands it the signal when it runs again (20.10 to 28.5).
 * Whatever its first process made of it, its instance has not crashed.
 */
export async function stopContainer(
  engine: Engine,
  container: ContainerRef,
  options: StopOptions,
): Promise<void> {
  await stopInTime(engine, container, options);
  await noteRequestedStop(engine, container);
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
    // What follows asks again, and has the last word.
    if (!isNoSuchSignal(error) && !mayHaveBeenDone(error)) throw error;
  }
  await stop(engine, container, remaining, signal);
}

/**
 * Stops a container for a verb that starts it again when it fails. What has been asked to end cannot be told to go on:
 * when the caller gives up meanwhile, this fails only when the container has stopped, so that what is started then is
 * not stopped by what was asked for before.
 */
export async function stopForReplacement(
  engine: Engine,
  container: ContainerRef,
  options: StopOptions,
): Promise<void> {
  options.signal?.throwIfAborted();
  try {
    await stopContainer(engine, container, options);
  } catch (error) {
    if (options.signal?.aborted === true)
      await stopContainer(engine, container, { timeout: options.timeout, retry_interval: 0 });
    throw error;
  }
}

/** Stops a container with the time to end cleanly that its instance was given when it was made. */
export async function stopContainerCleanly(
  engine: Engine,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await stopContainer(engine, container.Id, { ...cleanly(container), signal });
}

/** How an instance is stopped that has the time to end cleanly that it was given when it was made. */
export const cleanly = ({ Config: configuration }: ContainerInspect): StopOptions => ({
  timeout: configuration.StopTimeout ?? defaultShutdownTimeout,
  retry_interval: 0,
});

/**
 * Has the engine stop a container. Stopping twice is harmless, so a stop whose answer was lost is asked for again, for
 * what remains of its time.
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
    if (!mayHaveBeenDone(error)) throw error;
    const timeout = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    await engine.containers.stop(container, { timeout, signal });
  }
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
    const stopSignal = configuration.StopSignal ?? 'SIGTERM';
    await engine.containers.kill(container, { signal: stopSignal, abortSignal: signal });
  } catch (error) {
    // It ended between the look and the signal.
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
 * The image names a signal that does not exist. The engine then refuses every other signal too (20.10), but it can stop
 * the container.
 */
function isNoSuchSignal(error: unknown): boolean {
  return error instanceof EngineError && /invalid signal/i.test(error.engineMessage);
}

/**
 * A container that is to be started, as it was last seen; one that was just created, and never ran, by its id alone.
 */
type StartableContainer = ContainerId | Pick<ContainerInspect, 'Id' | 'State'>;

/**
 * Starts a container; one that runs stays as it is.
 *
 * A start whose answer was lost is not repeated before the container says that it was not started: a short command
 * would run twice.
 */
export async function startContainer(
  engine: Engine,
  container: StartableContainer,
  signal?: AbortSignal,
): Promise<void> {
  const [id, startedBefore] =
    typeof container === 'string' ? [container, never] : [container.Id, container.State.StartedAt];
  try {
    await engine.containers.start(id, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!mayHaveBeenDone(error)) throw error;
    const { State: state } = await engine.containers.inspect(id, { signal });
    if (state.Running || state.StartedAt !== startedBefore) return;
    await engine.containers.start(id, { signal });
  }
}

/** How long a removal may be under way before it counts as failed, and how often to ask, in milliseconds. */
const patience = 60_000;
const interval = 100;

/**
 * Removes a container with its anonymous volumes, running or not, and returns when it is gone. One that is gone already
 * is no error.
 */
export async function removeContainer(engine: Engine, container: ContainerRef): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      await engine.containers.remove(container, { force: true, volumes: true });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      // In conflict with another removal, or done without an answer: ask until it is gone.
      if (!(isConflict(error) || mayHaveBeenDone(error)) || performance.now() > end) throw error;
      await pause(interval, undefined);
    }
  }
}

/** Seconds an instance has to stop cleanly. Nova: `[DEFAULT] shutdown_timeout`. */
export const defaultShutdownTimeout = 60;

/**
 * How long an instance may take to stop cleanly: the image's `os_shutdown_timeout`, else Nova's default.
 *
 * @returns seconds.
 * @throws InvalidInput when the property is not a whole number of seconds.
 */
export function shutdownTimeout(instance: Instance, image_meta?: ImageMeta): number {
  const value =
    image_meta?.properties?.['os_shutdown_timeout'] ??
    instance.system_metadata?.['image_os_shutdown_timeout'];
  if (value === undefined || value === null) return defaultShutdownTimeout;
  const seconds = Number(value);
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw new InvalidInput(`os_shutdown_timeout must be a number of seconds, not ${JSON.stringify(value)}`);
  return seconds;
}
