/**
 * Where images come from, how they get into the engine and out of it again: the image services, the loader, snapshots.
 * It imports the engine, the leaves and the contracts; it knows nothing of instances, and trusts nothing that an image
 * says of itself.
 */
export { defaultConcurrency, type HeldImage, ImageLoader, type ImageLoaderOptions } from './image-loader.js';
export { bootReference, discardImage, temporaryName, type TemporaryName } from './references/index.js';
export { SharedDirectory } from './shared-directory/index.js';
export { Snapshot, type SnapshotRequest, takeSnapshot } from './snapshot.js';
export {
  bootedBytes,
  copyFileSystem,
  filesMustFit,
  instanceReference,
  measuredFiles,
  removeInstanceImages,
  removeReplacedImage,
  transferFileSystem,
  transferFolder,
  volumesThatMove,
} from './transfer/index.js';
