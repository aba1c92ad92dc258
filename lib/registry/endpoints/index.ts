/** The endpoints of the OCI distribution specification 1.1. May import the other folders of the registry. */
export { BlobEndpoints } from './blobs.js';
export { ManifestEndpoints } from './manifests.js';
export { errorToAnswer } from './error-to-answer.js';
export { Routes } from './routes.js';
