import { ArchiveRefused } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { type Compression, isCompression, unpacking } from './compression.js';
import { contentType, type ContentType } from './content-type.js';
import type { ByteBudget } from './limits.js';
import { blockSize } from './tar-header.js';

/**
 * Opens an archive, and decompresses it if necessary. The caller must close the reader.
 *
 * @param budget - charged for every byte of the archive, decompressed.
 * @throws ArchiveRefused when the compression is unsupported; the reader throws it when the data is malformed.
 */
export async function openArchive(chunks: AsyncIterable<unknown>, budget: ByteBudget): Promise<ByteReader> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
  if (type === 'bzip2') throw new ArchiveRefused(uselessBecause(type));
  if (isCompression(type)) return new ByteReader(unpacked(bytes, type), budget);
  bytes.charge(budget);
  return bytes;
}

async function* unpacked(bytes: ByteReader, type: Compression): AsyncGenerator<Buffer, void, void> {
  const unpacker = unpacking(type, 'is an archive that', { mayBePadded: true });
  try {
    for await (const chunk of bytes.rest()) yield* unpacker.unpack(chunk);
    yield* unpacker.finish();
  } finally {
    unpacker.destroy();
  }
}

/** Why content of a type cannot be part of an image, as a predicate for an error message. */
export function uselessBecause(type: ContentType): string {
  if (type === 'bzip2') return 'is compressed with bzip2: only gzip, zstd and xz are supported';
  if (type === 'xz') return 'is compressed with xz: only whole archives may be, layers with gzip or zstd';
  return 'is neither a tar archive nor compressed';
}
