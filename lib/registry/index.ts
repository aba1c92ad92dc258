/**
 * A registry in front of the image service: people and engines push images to it and pull them. Stores images in the
 * image service only, and the blobs of unfinished pushes in a temporary folder. May import the rooms below images. Never
 * calls an engine.
 */
export {
  KeystoneAccounts,
  type KeystoneAccountsOptions,
  type RegistryAccounts,
  type StaticAccount,
  StaticAccounts,
} from './access/index.js';
export { ImageRegistry } from './image-registry.js';
export { type DriverRegistryOptions, driverRegistryOptions, type ImageRegistryOptions } from './options.js';
export type { ReceivedSnapshot, SnapshotReception } from './snapshots/index.js';
