import { imageReference, type ImageReference } from '../../engine/index.js';
import { repository } from '../../common/index.js';

/**
 * The name that an image has in the engine, once it is loaded. It follows from the image's id and from nothing else:
 * what an archive calls itself, or an image service calls the image, could be anybody's.
 *
 * @throws InvalidInput when the id cannot be a tag: letters, digits, `_`, `.` and `-`, 128 at most.
 */
export function bootReference(image_id: string): ImageReference {
  return imageReference(repository.image, image_id);
}

const prefix = `${repository.image}:`;

/**
 * @returns the id of the image that has this name in the engine; undefined when the name is none that
 * {@link bootReference} gives.
 */
export function bootedImageId(reference: string): string | undefined {
  return reference.startsWith(prefix) ? reference.slice(prefix.length) : undefined;
}
