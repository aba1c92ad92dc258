import { NovaException } from '../../../interfaces/index.js';

/**
 * The image is not in a state in which this can be done to it (it has data already, somebody else is uploading), or its
 * id is taken. Glance answers 409; Nova has no exception for it.
 */
export class ImageConflict extends NovaException {}
