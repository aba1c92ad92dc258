import { Gunzip } from './gunzip.js';
import { UnpackThread } from './unpack-thread.js';

/** The ways of compressing that archives are read in. */
export type Compression = 'gzip' | 'zstd' | 'xz';

/** Unpacks compressed data as it comes. Its owner must destroy it. */
export interface Unpacking {
  /**
   * Unpacks some more; what comes of it may be given later.
   *
   * @throws ArchiveRefused when the data is damaged, or followed by something else.
   */
  unpack: (chunk: Buffer) => AsyncGenerator<Buffer, void, void>;
  /**
   * Says that this was all.
   *
   * @returns what is left of the unpacked data.
   * @throws ArchiveRefused when the data is truncated, or was followed by something else.
   */
  finish: () => AsyncGenerator<Buffer, void, void>;
  destroy: () => void;
}

/**
 * Begins to unpack.
 *
 * @param what - the data, as the beginning of a sentence's rest: `has the layer "a", which`.
 * @param mayBePadded - whether zeros may follow gzip data: the others have padding of their own.
 */
export function unpacking(
  compression: Compression,
  what: string,
  { mayBePadded }: { readonly mayBePadded: boolean },
): Unpacking {
  return compression === 'gzip' ? new Gunzip(what, mayBePadded) : new UnpackThread(what, compression);
}

/** Whether a type of content is compressed in a way that archives are read in. */
export const isCompression = (type: string): type is Compression =>
  type === 'gzip' || type === 'zstd' || type === 'xz';
