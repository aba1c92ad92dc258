/**
 * The references by which an engine keeps images for the driver: lasting ones for boots, temporary ones for work in
 * progress, and the reference count that protects an image in use. It may import engine, streams, common and the
 * contracts. It never moves image data.
 */
export { bootedImageId, bootReference } from './boot-reference.js';
export { type Hold, ImageHolds } from './image-holds.js';
export {
  discardImage,
  isTemporaryTag,
  removeTemporaryImages,
  temporaryName,
  type TemporaryName,
} from './temporary-image.js';
