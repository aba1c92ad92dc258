/** The public face of nova-docker-driver. */
export * from '../interfaces/index.js';
export { DockerDriver } from './driver/index.js';
export type { DockerDriverOptions } from './driver/index.js';
export type { EngineOptions, EngineTimeouts, RegistryCredentials } from './engine/index.js';
export {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  EngineVersionUnsupported,
  TruncatedStream,
} from './engine/index.js';
export type { EventsOptions, NamedLifecycleEvent } from './events/index.js';
export { ConnectionBroken, ImageSourceError } from './http/index.js';
export { defaultImageLimits } from './archives/index.js';
export {
  DirectoryImageService,
  GlanceImageService,
  ImageConflict,
  ImageServiceError,
  ImageServiceProtocolError,
  ImageStoreError,
} from './image-services/index.js';
export { ImageTemplates, RegistryExchange } from './image-exchange/index.js';
export { ImageRegistry, KeystoneAccounts, StaticAccounts } from './registry/index.js';
export type {
  DriverRegistryOptions,
  ImageRegistryOptions,
  KeystoneAccountsOptions,
  RegistryAccounts,
  StaticAccount,
} from './registry/index.js';
export type {
  ApplicationCredentialAuth,
  ContextTokenAuth,
  DirectoryImageServiceOptions,
  GlanceAuth,
  GlanceImageServiceOptions,
  GlanceTimeouts,
  PasswordAuth,
} from './image-services/index.js';
export type {
  ArchiveSource,
  DockerfileSource,
  ImageSource,
  ImageTemplatesOptions,
  Platform,
  PushedImage,
  RegistryExchangeOptions,
  RegistryPullOptions,
  RegistryPushOptions,
  RepositorySource,
} from './image-exchange/index.js';
export type { ImageLimits } from './archives/index.js';
export { DeadlineExceeded } from './streams/index.js';
