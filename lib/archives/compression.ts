import { isLayerType, type ContentType, type LayerType } from './content-type.js';
import { Gunzip } from './gunzip.js';
import { UnpackThread } from './unpack-thread.js';

/** The compression formats in which an archive is accepted: those of `docker load`. */
export type Compression = Exclude<LayerType, 'tar'>;

/** Decompresses a stream chunk by chunk. The caller must destroy it. */
export interface Unpacking {
  /**
   * Decompresses a chunk. It may yield some of the data in a later call.
   *
   * @throws ArchiveRefused when the data is malformed, or other data follows it.
   */
  unpack: (chunk: Buffer) => AsyncGenerator<Buffer, void, void>;
  /**
   * Ends the compressed data.
   *
   * @returns the remaining decompressed data.
   * @throws ArchiveRefused when the data is truncated, or other data follows it.
   */
  finish: () => AsyncGenerator<Buffer, void, void>;
  destroy: () => void;
}

/**
 * Starts a decompressor.
 *
 * @param what - names the data in error messages, as the start of a predicate: `has the layer "a", which`.
 * @param mayBePadded - whether zeros may follow gzip data. The other formats define their own padding.
 */
export function unpacking(
  compression: Compression,
  what: string,
  { mayBePadded }: { readonly mayBePadded: boolean },
): Unpacking {
  return compression === 'gzip' ? new Gunzip(what, mayBePadded) : new UnpackThread(what, compression);
}

/** Whether content of a type is compressed in an accepted format. */
export const isCompression = (type: ContentType): type is Compression => isLayerType(type) && type !== 'tar';

/** Whether content of a type is decompressed in a thread of its own. */
export const needsThread = (type: ContentType): boolean => isCompression(type) && type !== 'gzip';
