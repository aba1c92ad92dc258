/**
 * The registry's view of the image service: manifests as images, blobs as parts of images. Every call has the rights of
 * the client. May import blobs, http and lower rooms.
 */
export { type ImageContents, registryProperty } from './contents.js';
export { validateManifest } from './publish.js';
export { isOwn, type PublishedImage, PublishedImages } from './published-images.js';
export { keyOf, type Repository, RepositoryBlobs } from './repository-blobs.js';
export {
  isDigest,
  parsedManifest,
  RepositoryManifests,
  type ShownManifest,
  validatedDigest,
} from './repository-manifests.js';
