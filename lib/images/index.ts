/**
 * Loads images into the engine and saves containers as images: the loader, the image cache, snapshots and the transfer
 * of a container's files. It may import image-services, archives, progress, engine, http, streams, common and the
 * contracts. It sees of instances only their uuids and containers, and never trusts what an image says about itself.
 */
export { defaultConcurrency, type HeldImage, ImageLoader, type ImageLoaderOptions } from './image-loader.js';
export type { SnapshotReceiver } from './layers/index.js';
export { bootReference, discardImage, temporaryName, type TemporaryName } from './references/index.js';
export { SharedDirectory } from './shared-directory/index.js';
export { Snapshot, type SnapshotRequest } from './snapshot.js';
export {
  bootedBytes,
  copyFileSystem,
  validateFilesFit,
  type FilesToCopy,
  instanceReference,
  measuredFiles,
  removeInstanceImages,
  removeReplacedImage,
  transferFileSystem,
  transferFolder,
  volumesThatMove,
} from './transfer/index.js';
