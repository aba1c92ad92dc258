/**
 * Where images come from, how they get into the engine and out of it again: the image services, the loader, snapshots.
 * It imports the engine, the leaves and the contracts; it knows nothing of instances, and trusts nothing that an image
 * says of itself.
 */
export { ArchiveRefused, defaultImageLimits, type ImageLimits } from './archive/index.js';
export * from './directory/index.js';
export * from './glance/index.js';
export { bootReference } from './boot-reference.js';
export { defaultConcurrency, ImageLoader, type HeldImage, type ImageLoaderOptions } from './image-loader.js';
export { PromptImageService } from './prompt-image-service.js';
export { takeSnapshot, type Snapshot, type SnapshotRequest } from './snapshot.js';
export {
  instanceReference,
  removeInstanceImages,
  removeReplacedImage,
  bootedBytes,
  copyFileSystem,
  filesMustFit,
  measuredFiles,
  transferFileSystem,
  transferFolder,
  volumesThatMove,
} from './transfer/index.js';
export { RegistryExchange } from './registry/index.js';
export type {
  Platform,
  PushedImage,
  RegistryExchangeOptions,
  RegistryPullOptions,
  RegistryPushOptions,
} from './registry/index.js';
export { ImageTemplates } from './sources/index.js';
export type {
  ArchiveSource,
  DockerfileSource,
  ImageSource,
  ImageTemplatesOptions,
  RepositorySource,
} from './sources/index.js';
export { ConnectionBroken, ImageSourceError } from './web/index.js';
export { ImageConflict } from './image-service/index.js';
