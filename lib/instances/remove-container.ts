import type { ContainerRef, Engine } from '../engine/index.js';
import { isConflict, isNotFound, mayHaveBeenDone } from '../engine/index.js';
import { pause } from '../streams/index.js';

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
