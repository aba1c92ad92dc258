/** The blobs that clients push, until an image of the image service holds them. May import http and lower rooms. */
export { BlobFolder, type BlobRange, type StoredBlob } from './blob-folder.js';
export { Uploads } from './uploads.js';
export { repositoryKey, type RepositoryKey } from './repository-key.js';
