/**
 * The embedded tiny HTTP client of a Docker Engine: a method a request, checked names in, checked answers out, byte
 * streams both ways, typed errors. It imports the leaves (streams, labels) and the contracts, knows nothing of
 * instances or Nova's verbs, keeps no state but its connections, the negotiated API version and how the engine numbers
 * users, and never repeats a request that could have been done.
 */
export { engineAddress, type EngineAddress, type EngineOptions } from './address.js';
export { isAtLeast, type EngineVersion } from './api-version.js';
export type { ContainersApi } from './containers.js';
export type { RegistryCredentials } from './credentials.js';
export { Engine, type EngineClientOptions } from './engine.js';
export * from './errors.js';
export type { ArchivedPath } from './files.js';
export type { IdMapping } from './id-mapping.js';
export * from './identifiers.js';
export type { ImagesApi, LoadedLayer } from './images.js';
export type { NetworksApi } from './networks.js';
export type {
  ContainerConfiguration,
  ContainerEndpoint,
  ContainerInspect,
  ContainerSummary,
} from './schemas/containers.js';
export type { FileChange } from './schemas/files.js';
export type { ImageInspect, ImageSummary } from './schemas/images.js';
export type { NetworkInspect } from './schemas/networks.js';
export type { ProgressLine } from './schemas/progress.js';
export type { ContainerStats } from './schemas/stats.js';
export type { EngineEvent, SystemInfo } from './schemas/system.js';
export type { VolumeInspect } from './schemas/volumes.js';
export type * from './specifications.js';
export type { EventFilters } from './system.js';
export { defaultTimeouts, type EngineTimeouts } from './timeouts.js';
export { untilSettled, type Patience } from './until-settled.js';
