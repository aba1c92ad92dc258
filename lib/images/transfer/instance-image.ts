import type { Engine, ImageId, ImageRef, ImageReference } from '../../engine/index.js';
import { imageReference, isConflict, isNotFound, mayHaveSucceeded } from '../../engine/index.js';
import { repository } from '../../common/index.js';

/**
 * Builds the reference of the image that holds an instance's own files.
 *
 * @throws InvalidInput when the uuid is not a valid tag.
 */
export function instanceReference(uuid: string): ImageReference {
  return imageReference(repository.instance, uuid);
}

/**
 * Removes the image of an instance's own files after its containers were removed. An image that a container uses stays.
 *
 * @param used - images of the removed containers. An image that a later one has replaced has no name left.
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
 * Removes the image of a removed container if it has lost its name to a later image. An image that a container uses
 * stays.
 */
export async function removeReplacedImage(engine: Engine, image: ImageId): Promise<void> {
  // The image may still have another instance's name: two instances without changes share one image.
  const found = await unlessUsed(engine.images.inspect(image));
  if (found?.RepoTags.length === 0) await removeUnlessUsed(engine, image);
}

/** Retries once when the answer is lost: after the containers are gone, nothing records which images they had. */
async function removeUnlessUsed(engine: Engine, image: ImageRef): Promise<void> {
  const remove = (): Promise<unknown> => unlessUsed(engine.images.remove(image, { noprune: true }));
  await remove().catch(async (error: unknown) => {
    if (!mayHaveSucceeded(error)) throw error;
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
