/**
 * The embedded tiny HTTP client of a Docker Engine: a method a request, checked names in, checked answers out, byte streams both ways,
 * typed errors. It imports the leaves (streams, labels) and the contracts, knows nothing of instances or Nova's verbs, keeps no state but
 * its connections and the negotiated API version, and never repeats a request that could have been done.
 */
export { engineAddress, type EngineAddress, type EngineOptions } from './address.js';
export { isAtLeast, type EngineVersion } from './api-version.js';
export type { BuildApi, BuildOptions } from './build.js';
export type { ContainerFilters, ContainersApi, LogOptions } from './containers.js';
export type { RegistryCredentials } from './credentials.js';
export { Engine, type EngineClientOptions } from './engine.js';
export * from './errors.js';
export type { ExecApi } from './exec.js';
export type { FilesApi } from './files.js';
export * from './identifiers.js';
export type { ImageChanges } from './image-changes.js';
export type { ImageFilters, ImagesApi, LoadedImage, LoadedLayer } from './images.js';
export type { NetworkFilters, NetworksApi } from './networks.js';
export type { RegistryApi } from './registry.js';
export type {
  ContainerConfiguration,
  ContainerEndpoint,
  ContainerInspect,
  ContainerState,
  ContainerSummary,
} from './schemas/containers.js';
export type { ExecInspect } from './schemas/exec.js';
export type { FileChange } from './schemas/files.js';
export type { ImageInspect, ImageRemoved, ImageSummary } from './schemas/images.js';
export type { NetworkInspect } from './schemas/networks.js';
export type { ProgressLine } from './schemas/progress.js';
export type { ContainerStats } from './schemas/stats.js';
export type { EngineEvent, SystemInfo, VersionAnswer } from './schemas/system.js';
export type { VolumeInspect } from './schemas/volumes.js';
export type { CallOptions } from './session.js';
export type * from './specifications.js';
export type { EventFilters, SystemApi } from './system.js';
export { defaultTimeouts, type EngineTimeouts } from './timeouts.js';
export type { VolumeFilters, VolumesApi } from './volumes.js';
