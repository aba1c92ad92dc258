import { imageReference, type ImageReference } from '../../engine/index.js';
import { repository } from '../../common/index.js';

/**
 * Builds the reference under which the engine keeps a loaded image. It depends on the image's id alone: names in an
 * archive or in the image service can be chosen by any user.
 *
 * @throws InvalidInput when the id is not a valid tag: at most 128 letters, digits, `_`, `.` and `-`.
 */
export function bootReference(image_id: string): ImageReference {
  return imageReference(repository.image, image_id);
}

const prefix = `${repository.image}:`;

/** @returns the image id in a reference made by {@link bootReference}; undefined for any other reference. */
export function bootedImageId(reference: string): string | undefined {
  return reference.startsWith(prefix) ? reference.slice(prefix.length) : undefined;
}
