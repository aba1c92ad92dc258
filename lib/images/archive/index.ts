/**
 * Image archives: read from anybody, verified, and rewritten so that an engine can be given them. It knows neither engines nor image services, writes
 * no file, and holds no more of an archive in memory than its metadata.
 */
export { ArchiveRefused } from './archive-refused.js';
export {
  emptyFile,
  FileSystemReader,
  headersAt,
  headersBelow,
  plainPath,
  type FileSystemEntry,
} from './file-system-reader.js';
export type { ContainerConfiguration, ImageConfiguration } from './image-configuration.js';
export { defaultImageLimits, type ImageLimits } from './limits.js';
export {
  rewriteArchive,
  type RewriteOptions,
  type RewrittenImage,
  type RewrittenLayer,
} from './rewrite-archive.js';
export { blockSize, fileHeader, paddingAfter } from './tar-header.js';
