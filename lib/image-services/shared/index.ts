/**
 * Shared parts of both image services: validation of callers' arguments, and verification of image data. May import
 * progress, http, streams, common and interfaces. Never knows the directory's layout or Glance's API.
 */
export { Digest, Verification } from './digest.js';
export { ImageConflict } from './exceptions.js';
export { FileBytes } from './file-bytes.js';
export { passes } from './filters.js';
export type { ImageData } from './image-data.js';
export { Incoming, receive } from './incoming.js';
export { checkFormats, checkMetadata, checkQueued, checkSameId, isProperty } from './metadata.js';
export { clip } from './range.js';
export { imageRecord, imageStatus, imageVisibility, type ShownImage, shownImage } from './record.js';
