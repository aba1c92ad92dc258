/**
 * The image service that needs no service: images in a folder. Imports interfaces, streams and what both image services
 * share. Never leaves the folder it was given, and never shows a file that is not complete.
 */
export { DirectoryImageService } from './directory-image-service.js';
export { ImageStoreError } from './exceptions.js';
export type { DirectoryImageServiceOptions } from './options.js';
