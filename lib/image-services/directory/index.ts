/**
 * The image service in a directory: it needs no server. May import image-services/shared, progress, http, streams,
 * common and interfaces. Never accesses files outside its directory, and never exposes an incomplete file.
 */
export { DirectoryImageService } from './directory-image-service.js';
export { ImageStoreError } from './exceptions.js';
export type { DirectoryImageServiceOptions } from './options.js';
