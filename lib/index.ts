/** The public face of nova-docker-driver. */
export * from '../interfaces/index.js';
export { DockerDriver } from './docker-driver.js';
export type { DockerDriverOptions } from './driver-options.js';
export type { EngineOptions, EngineTimeouts, RegistryCredentials } from './engine/index.js';
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
  ImageSourceError,
  ImageStoreError,
  ImageTemplates,
  RegistryExchange,
} from './images/index.js';
export type {
  ApplicationCredentialAuth,
  ArchiveSource,
  ContextTokenAuth,
  DirectoryImageServiceOptions,
  DockerfileSource,
  GlanceAuth,
  GlanceImageServiceOptions,
  GlanceTimeouts,
  ImageLimits,
  ImageSource,
  ImageTemplatesOptions,
  PasswordAuth,
  Platform,
  PushedImage,
  RegistryExchangeOptions,
  RegistryPullOptions,
  RegistryPushOptions,
  RepositorySource,
} from './images/index.js';
export { DeadlineExceeded } from './streams/index.js';
