import { NovaException } from '../../../interfaces/index.js';

/**
 * The image's state does not allow the operation (the image already has data, or another upload is running), or its id
 * is already used. Glance answers 409; Nova has no exception for it.
 */
export class ImageConflict extends NovaException {
  override readonly name = 'ImageConflict';
  override readonly code = 'IMAGE_CONFLICT';
}
