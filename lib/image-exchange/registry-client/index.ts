/**
 * Copies images between registries and the image service by the OCI distribution protocol, without an engine. Every
 * digest is preserved and verified. It may import the rooms below images, but takes only names and credentials from
 * engine. It never stores an image in between.
 */
export type { Platform } from '../../archives/index.js';
export { registryReference, type RegistryReference, shownReference } from './reference.js';
export {
  type PushedImage,
  RegistryExchange,
  type RegistryExchangeOptions,
  type RegistryPullOptions,
  type RegistryPushOptions,
} from './registry-exchange.js';
