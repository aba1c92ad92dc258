/**
 * Reads, validates and rewrites untrusted image archives, so that an engine can load them safely. It may import the
 * interfaces and lower rooms, and needs only `progress`, `streams` and `common`. It never calls an engine or an image
 * service, never writes a file, and never holds more of an archive in memory than its metadata and the piece at hand.
 */
export { ArchiveBroken, ArchiveRefused, shown } from './archive-refused.js';
export { type BlobArchive, blobArchive } from './blob-archive.js';
export { ByteReader } from './byte-reader.js';
export type { Compression } from './compression.js';
export { contentType, isLayerType, type LayerType } from './content-type.js';
export { entryPath, isInside, linkTarget } from './entry-path.js';
export { Extensions, isExtension } from './extended-header.js';
export {
  emptyFile,
  type FileSystemEntry,
  FileSystemReader,
  headersAt,
  headersBelow,
  plainPath,
} from './file-system-reader.js';
export { goStruct, parseGoJson } from './go-json.js';
export {
  configurationBytes,
  configurationForEngine,
  type ImageConfiguration,
  parseConfiguration,
} from './image-configuration.js';
export { ByteBudget, defaultImageLimits, type ImageLimits, maxExtendedHeaderBytes } from './limits.js';
export { manifestPath, parseManifest } from './manifest.js';
export { lowestVariant, mayBeImage } from './media-types.js';
export { type StoredLayer, storedLayer, storedLayersOf } from './oci-manifest.js';
export { recordedAside, recordEntries, restoredFromRecord } from './recorded-aside.js';
export { type ArchivedImage, rewriteArchive, type RewrittenImage } from './rewrite-archive.js';
export type { LayersBelow, RewriteOptions } from './rewrite-options.js';
export { blockSize, fileHeader, isTarHeader, paddingAfter, tarHeader, type TarHeader } from './tar-header.js';
export {
  acceptedManifests,
  type Blob,
  blobsOf,
  type ImageIndex,
  type ImageManifest,
  indexTypes,
  layerMediaType,
  manifestTypes,
  maxManifestBytes,
  ociIndexType,
  ownPlatform,
  parsedImageIndex,
  parsedImageManifest,
  type Platform,
  readManifest,
  validateImageSize,
} from './registry-manifest.js';
export { type OwnerMapping, withTranslatedOwners } from './translated-owners.js';
export { neverCompressed, openArchive } from './unpacked-archive.js';
export { endOfArchive, layerFileName, wholeFile, writeLayer, writeMetadata } from './write-image.js';
