/**
 * What both image services share: the checks of what callers hand in, the verification of what they are handed. Imports
 * interfaces, streams and how progress is told; knows neither folders nor Glance.
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
