/**
 * Image archives: read from anybody, verified, and rewritten so that an engine can be given them. It knows neither engines nor image services, writes
 * no file, and holds no more of an archive in memory than its metadata.
 */
export { ArchiveFiles, type LayerFile } from './archive-files.js';
export { ArchiveRefused, shown } from './archive-refused.js';
export { ByteReader } from './byte-reader.js';
export { contentType } from './content-type.js';
export { entryPath, linkTarget } from './entry-path.js';
export { gnuLongName, paxExtension, type Extension } from './extended-header.js';
export {
  emptyFile,
  FileSystemReader,
  headersAt,
  headersBelow,
  plainPath,
  type FileSystemEntry,
} from './file-system-reader.js';
export {
  parseConfiguration,
  type ContainerConfiguration,
  type ImageConfiguration,
} from './image-configuration.js';
export { LayerDigest, type LayerDigests } from './layer-digest.js';
export { ByteBudget, defaultImageLimits, longestExtendedHeader, type ImageLimits } from './limits.js';
export { manifestPath, parseManifest, type Manifest } from './manifest.js';
export {
  rewriteArchive,
  type ArchiveForm,
  type RewriteOptions,
  type RewrittenImage,
  type RewrittenLayer,
} from './rewrite-archive.js';
export { blockSize, fileHeader, isTarHeader, paddingAfter, tarHeader } from './tar-header.js';
export { TarReader, type TarEntry } from './tar-reader.js';
