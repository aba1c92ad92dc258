import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRef, Engine } from '../engine/index.js';
import { isConflict, isNotFound, isUnreachable } from '../engine/index.js';

/** How often to ask, and how long to wait in between, for a removal that is under way. */
const attempts = 100;
const pause = 100;

/**
 * Removes a container with its anonymous volumes, running or not, and returns when it is gone.
 *
 * @returns whether there was one.
 */
export async function removeContainer(engine: Engine, container: ContainerRef): Promise<boolean> {
  let existed = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await engine.containers.remove(container, { force: true, volumes: true });
      return true;
    } catch (error) {
      if (isNotFound(error)) return existed;
      // In conflict with another removal, or done without an answer: ask until it is gone.
      existed = true;
      if (attempt === attempts || !(isConflict(error) || (isUnreachable(error) && error.maybeDone)))
        throw error;
      await sleep(pause);
    }
  }
}
