import type { ContainerId, ContainerInspect, Engine } from '../engine/index.js';
import { mayHaveBeenDone } from '../engine/index.js';
import { never } from './power-state.js';

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
