/**
 * The image services: Glance, a directory, and a wrapper that makes any image service abortable. They move image
 * records and image data. May import progress, http, streams, common and interfaces. Never talks to the engine.
 */
export {
  DirectoryImageService,
  type DirectoryImageServiceOptions,
  ImageStoreError,
} from './directory/index.js';
export {
  type ApplicationCredentialAuth,
  type ContextTokenAuth,
  type GlanceAuth,
  GlanceImageService,
  type GlanceImageServiceOptions,
  type GlanceTimeouts,
  ImageServiceError,
  ImageServiceProtocolError,
  KeystoneLogin,
  type PasswordAuth,
} from './glance/index.js';
export { AbortableImageService } from './abortable-image-service.js';
export {
  clip,
  FileBytes,
  ImageConflict,
  type ImageData,
  type ShownImage,
  Verification,
} from './shared/index.js';
export { shownRecord } from './shown-record.js';
