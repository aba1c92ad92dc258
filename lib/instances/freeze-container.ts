import { InstanceInvalidState } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { EngineError } from '../engine/index.js';

/**
 * Freezes a container; one that is frozen stays so.
 *
 * @throws InstanceInvalidState when it does not run.
 */
export async function pauseContainer(
  engine: Engine,
  container: ContainerRef,
  signal?: AbortSignal,
): Promise<void> {
  await engine.containers.pause(container, { signal }).catch(async (error: unknown) => {
    await unlessAlready('paused', engine, container, error);
  });
}

/**
 * Wakes a frozen container; one that runs stays so.
 *
 * @throws InstanceInvalidState when it has ended.
 */
export async function unpauseContainer(
  engine: Engine,
  container: ContainerRef,
  signal?: AbortSignal,
): Promise<void> {
  await engine.containers.unpause(container, { signal }).catch(async (error: unknown) => {
    await unlessAlready('running', engine, container, error);
  });
}

/** The engine refuses to do what is done already, with 409 or 500 depending on the verb: only the container's state tells why. */
async function unlessAlready(
  wanted: 'paused' | 'running',
  engine: Engine,
  container: ContainerRef,
  error: unknown,
): Promise<void> {
  if (!(error instanceof EngineError) || error.status === 404) throw error;
  const { State: state } = await engine.containers.inspect(container);
  if (state.Status === wanted) return;
  throw new InstanceInvalidState(`The instance is ${state.Status}, not ${wanted}: ${error.engineMessage}`, {
    cause: error,
  });
}
