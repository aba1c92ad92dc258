import {
  type ContainerId,
  type ContainerInspect,
  type Engine,
  mayHaveSucceeded,
  neverStarted,
} from '../../engine/index.js';

/** A container to start, as last inspected. The id alone stands for a new container that never ran. */
type StartableContainer = ContainerId | Pick<ContainerInspect, 'Id' | 'State'>;

/**
 * Starts a container; no-op if it runs.
 *
 * When the answer was lost, the start is retried only if the inspection shows that the container was not started:
 * otherwise a short command would run twice.
 *
 * @throws the engine's error when it refuses. `launch-failure.ts` makes it InvalidInput or ImageUnacceptable if a mount
 * or the image is to blame, `engine-error-to-exception.ts` makes any other the exception of the verb's failure.
 */
export async function startContainer(
  engine: Engine,
  container: StartableContainer,
  signal?: AbortSignal,
): Promise<void> {
  const [id, startedBefore] =
    typeof container === 'string' ? [container, neverStarted] : [container.Id, container.State.StartedAt];
  try {
    await engine.containers.start(id, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!mayHaveSucceeded(error)) throw error;
    const { State: state } = await engine.containers.inspect(id, { signal });
    if (state.Running || state.StartedAt !== startedBefore) return;
    await engine.containers.start(id, { signal });
  }
}
