import type { Engine, ImageId, ImageReference } from '../../engine/index.js';
import { imageReference, isConflict, isNotFound } from '../../engine/index.js';
import { repository } from '../../labels.js';

/**
 * The name of the image that an instance's own files have become.
 *
 * @throws InvalidInput when the uuid cannot be a tag.
 */
export function instanceReference(uuid: string): ImageReference {
  return imageReference(repository.instance, uuid.toLowerCase());
}

/**
 * Removes images that were made of an instance's own files, when its containers are gone. What others use or have named stays.
 *
 * @param used - the images of the containers that are gone: one that was replaced has lost its name.
 */
export async function removeInstanceImages(
  engine: Engine,
  uuid: string,
  used: readonly ImageId[] = [],
): Promise<void> {
  const reference = instanceReference(uuid);
  for (const image of new Set([reference, ...used])) {
    try {
      const { RepoTags: tags } = await engine.images.inspect(image);
      if (tags.every((tag) => tag === reference)) await engine.images.remove(image, { noprune: true });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
