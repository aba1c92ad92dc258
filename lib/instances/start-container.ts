import type { ContainerRef, Engine } from '../engine/index.js';
import { isUnreachable } from '../engine/index.js';

/** Starts a container; one that runs stays as it is. Starting twice is harmless, so a start whose answer was lost is repeated. */
export async function startContainer(engine: Engine, container: ContainerRef): Promise<void> {
  try {
    await engine.containers.start(container);
  } catch (error) {
    if (!(isUnreachable(error) && error.maybeDone)) throw error;
    await engine.containers.start(container);
  }
}
