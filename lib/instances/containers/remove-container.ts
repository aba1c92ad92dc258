import {
  type ContainerRef,
  type Engine,
  isConflict,
  isNotFound,
  mayHaveSucceeded,
} from '../../engine/index.js';
import { sleep } from '../../streams/index.js';

/** Timeout of a removal and polling interval, in milliseconds. */
const removalTimeoutMs = 60_000;
const removalIntervalMs = 100;

/**
 * Removes a container, running or not, with its anonymous volumes, and resolves when it no longer exists. Idempotent.
 */
export async function removeContainer(engine: Engine, container: ContainerRef): Promise<void> {
  const end = performance.now() + removalTimeoutMs;
  for (;;) {
    try {
      await engine.containers.remove(container, { force: true, volumes: true });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      // Another removal is in progress, or the answer was lost: retry until the container no longer exists.
      if (!(isConflict(error) || mayHaveSucceeded(error)) || performance.now() > end) throw error;
      await sleep(removalIntervalMs, undefined);
    }
  }
}
