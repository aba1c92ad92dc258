/**
 * Images of registries, by the protocol that registries speak (OCI distribution): from there into the image service and
 * back, without an engine, every digest kept and verified. Imports the archives, the web and the contracts.
 */
export { RegistryExchange, type PushedImage, type RegistryExchangeOptions } from './registry-exchange.js';
export type { RegistryPullOptions, RegistryPushOptions } from './registry-exchange.js';
export type { Platform } from './manifests.js';
export { registryReference, shownReference, type RegistryReference } from './reference.js';
