/**
 * The HTTP client of a Docker Engine: a method for each request, validated names in, validated answers out, byte
 * streams in both directions, typed errors. It imports streams, common and interfaces, and knows nothing of instances
 * or Nova's verbs. It keeps no state but its connections, the negotiated API version and the engine's user mapping. It
 * never repeats a request that may have taken effect.
 */
export { engineAddress, type EngineAddress, type EngineOptions } from './address.js';
export { type EngineVersion, isAtLeast } from './api-version.js';
export { ContainersApi } from './containers.js';
export type { RegistryCredentials } from './credentials.js';
export { Engine, type EngineClientOptions } from './engine.js';
export { engineWords, progressWords } from './engine-words.js';
export {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  EngineVersionUnsupported,
  undefinedIfNotFound,
  isBadRequest,
  isConflict,
  isNoSuchContainer,
  isNoSuchImage,
  isNoSuchNetwork,
  isNotFound,
  isUnreachable,
  mayHaveSucceeded,
  TruncatedStream,
} from './errors.js';
export { ImagesApi, type LoadedLayer } from './images.js';
export { NetworksApi } from './networks.js';
export {
  type ContainerConfiguration,
  type ContainerEndpoint,
  type ContainerInspect,
  type ContainerSummary,
  neverStarted,
} from './schemas/containers.js';
export type { FileChange } from './schemas/files.js';
export {
  type ContainerId,
  type ContainerRef,
  containerRef,
  execId,
  type ImageId,
  imageId,
  type ImageRef,
  imageRef,
  imageReference,
  type ImageReference,
  isImageId,
  isImageReference,
  isNetworkRef,
  type NetworkId,
  type NetworkRef,
  networkRef,
  repositoryName,
  type RepositoryName,
  tagName,
  type TagName,
  volumeName,
  type VolumeName,
} from './schemas/identifiers.js';
export type { ImageInspect, ImageSummary } from './schemas/images.js';
export type { NetworkInspect } from './schemas/networks.js';
export type { ProgressLine } from './schemas/progress.js';
export type { ContainerStats } from './schemas/stats.js';
export type { EngineEvent, SystemInfo } from './schemas/system.js';
export type { VolumeInspect } from './schemas/volumes.js';
export type {
  ContainerSpecification,
  DiskRates,
  EndpointSpecification,
  HostConfiguration,
  MountSpecification,
  NetworkPart,
  NetworkSpecification,
  ResourceLimits,
} from './specifications.js';
export type { EventFilters } from './system.js';
export { defaultTimeouts, type EngineTimeouts } from './timeouts.js';
export { type Polling, untilSettled } from './until-settled.js';
