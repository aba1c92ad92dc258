/**
 * The operator's directory of image files by image id, tried before the image service. It imports what image services
 * share; it asks nobody who may have an image, and gives nothing that does not verify against the image service's
 * record.
 */
export { SharedDirectory } from './shared-directory.js';
