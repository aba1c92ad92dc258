import { ArchiveRefused } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { isCompression, unpacking } from './compression.js';
import { contentType, type ContentType } from './content-type.js';
import { blockSize } from './tar-header.js';

/**
 * Yields an archive's bytes, decompressed if necessary.
 *
 * @throws ArchiveRefused when the compression is unsupported, or the data is malformed.
 */
export async function* unpackedArchive(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
  if (type === 'bzip2') throw new ArchiveRefused(uselessBecause(type));
  if (!isCompression(type)) {
    yield* bytes.rest();
    return;
  }
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
