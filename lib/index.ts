/** The public face of nova-docker-driver. */
export * from '../interfaces/index.js';
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './driver-options.js';
export type { EngineOptions, EngineTimeouts } from './engine/index.js';
export {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  EngineVersionUnsupported,
  TruncatedStream,
} from './engine/index.js';
export {
  ConnectionBroken,
  defaultImageLimits,
  DirectoryImageService,
  GlanceImageService,
  ImageConflict,
  ImageServiceError,
  ImageServiceProtocolError,
  ImageStoreError,
} from './images/index.js';
export type {
  ApplicationCredentialAuth,
  ContextTokenAuth,
  DirectoryImageServiceOptions,
  GlanceAuth,
  GlanceImageServiceOptions,
  GlanceTimeouts,
  ImageLimits,
  PasswordAuth,
} from './images/index.js';
export { DeadlineExceeded } from './streams/index.js';
