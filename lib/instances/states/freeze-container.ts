import { InstanceInvalidState } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../engine/index.js';
import { EngineError, isNotFound, mayHaveSucceeded } from '../../engine/index.js';

/**
 * Freezes a container; no-op if it is frozen.
 *
 * @throws InstanceInvalidState when it does not run.
 */
export async function pauseContainer(
  engine: Engine,
  container: ContainerRef,
  signal?: AbortSignal,
): Promise<void> {
  await engine.containers.pause(container, { signal }).catch(async (error: unknown) => {
    await unlessAlready('paused', engine, container, error, signal);
  });
}

/**
 * Unfreezes a container; no-op if it runs.
 *
 * @throws InstanceInvalidState when it has ended.
 */
export async function unpauseContainer(
  engine: Engine,
  container: ContainerRef,
  signal?: AbortSignal,
): Promise<void> {
  await engine.containers.unpause(container, { signal }).catch(async (error: unknown) => {
    await unlessAlready('running', engine, container, error, signal);
  });
}

/**
 * The engine refuses a change that is already done, with 409 or 500 depending on the verb, and its answer may be lost.
 * So only the container's state shows whether the change is done.
 */
async function unlessAlready(
  wanted: 'paused' | 'running',
  engine: Engine,
  container: ContainerRef,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (isNotFound(error) || !(error instanceof EngineError || mayHaveSucceeded(error))) throw error;
  const { State: state } = await engine.containers.inspect(container, { signal });
  if (state.Status === wanted) return;
  if (!(error instanceof EngineError) || state.Running) throw error;
  throw new InstanceInvalidState(`The instance is ${state.Status}, not ${wanted}: ${error.engineMessage}`, {
    cause: error,
  });
}
