import { Engine, engineAddress, imageReference, isNotFound } from '../../lib/engine/index.js';

/**
 * Removes what the driver keeps in the engine of images that no instance uses any more, as `docker image rm nova-docker-driver.invalid/image:ID` would.
 * (It uses the library's inside, which works in a clone only.) The driver itself keeps them: the next instance boots at once.
 */
export async function forgetImages(image_ids: readonly string[]): Promise<void> {
  const engine = new Engine(engineAddress());
  for (const id of image_ids) {
    await engine.images
      .remove(imageReference('nova-docker-driver.invalid/image', id))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }
  engine.close();
}
