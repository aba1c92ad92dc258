import { ImageUnacceptable } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../engine/index.js';
import { isBadRequest, isUnreachable } from '../engine/index.js';

/**
 * Starts a container; one that runs stays as it is. Starting twice is harmless, so a start whose answer was lost is repeated.
 *
 * @throws ImageUnacceptable when its command cannot be run: no other host could.
 */
export async function startContainer(engine: Engine, container: ContainerRef): Promise<void> {
  try {
    await engine.containers.start(container);
  } catch (error) {
    // The engine answers 400 when the command is not in the image or not executable, and for nothing else (20.10 to 28.5).
    if (isBadRequest(error))
      throw new ImageUnacceptable(`The instance's command cannot be run: ${error.engineMessage}`, {
        cause: error,
      });
    if (!(isUnreachable(error) && error.maybeDone)) throw error;
    await engine.containers.start(container);
  }
}
