/**
 * The registry's HTTP server: requests, answers and errors in the words of the OCI distribution specification. May import
 * streams and interfaces. Knows nothing of images.
 */
export { RegistryError, type RegistryErrorCode } from './registry-error.js';
export { type Answer, RegistryRequest } from './request.js';
export { RegistryServer } from './server.js';
