/**
 * Images of registries, by the protocol that registries speak (OCI distribution): from there into the image service and
 * back, without an engine, every digest kept and verified. Imports the archives, the web and the contracts.
 */
export type { Platform } from './manifests.js';
export { registryReference, type RegistryReference, shownReference } from './reference.js';
export {
  type PushedImage,
  RegistryExchange,
  type RegistryExchangeOptions,
  type RegistryPullOptions,
  type RegistryPushOptions,
} from './registry-exchange.js';
