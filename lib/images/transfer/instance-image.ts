import type { Engine, ImageId, ImageRef, ImageReference } from '../../engine/index.js';
import { imageReference, isConflict, isNotFound, mayHaveBeenDone } from '../../engine/index.js';
import { repository } from '../../common/index.js';

/**
 * The name of the image that an instance's own files have become.
 *
 * @throws InvalidInput when the uuid cannot be a tag.
 */
export function instanceReference(uuid: string): ImageReference {
  return imageReference(repository.instance, uuid);
}

/**
 * Removes the image that was made of an instance's own files, when its containers are gone. What a container uses
 * stays.
 *
 * @param used - the images of the containers that are gone: one that a later one has replaced has lost its name.
 */
export async function removeInstanceImages(
  engine: Engine,
  uuid: string,
  used: readonly ImageId[] = [],
): Promise<void> {
  await removeUnlessUsed(engine, instanceReference(uuid));
  for (const image of new Set(used)) await removeReplacedImage(engine, image);
}

/**
 * Removes the image of a container that is gone, when the image has lost its name to a later one. What a container uses
 * stays.
 */
export async function removeReplacedImage(engine: Engine, image: ImageId): Promise<void> {
  // Two instances that have changed nothing have become the same image.
  const found = await unlessUsed(engine.images.inspect(image));
  if (found?.RepoTags.length === 0) await removeUnlessUsed(engine, image);
}

/**
 * When the answer is lost it is asked for again: once the containers are gone, nobody could tell any more which images
 * they had.
 */
async function removeUnlessUsed(engine: Engine, image: ImageRef): Promise<void> {
  const remove = (): Promise<unknown> => unlessUsed(engine.images.remove(image, { noprune: true }));
  await remove().catch(async (error: unknown) => {
    if (!mayHaveBeenDone(error)) throw error;
    await remove();
  });
}

async function unlessUsed<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return undefined;
    throw error;
  }
}
