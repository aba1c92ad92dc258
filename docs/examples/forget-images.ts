import { Engine, engineAddress, imageReference, isNotFound } from '../../lib/engine/index.js';

/**
 * Removes images from the engine's cache, as `docker image rm nova-docker-driver.invalid/image:ID` does. A real host keeps them, so that
 * the next instance boots at once. This imports internals of the library, so it works only in a clone.
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
