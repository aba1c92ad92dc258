import { ByteReader } from './byte-reader.js';
import { type Compression, isCompression, unpacking } from './compression.js';
import { contentType } from './content-type.js';
import type { ByteBudget } from './limits.js';
import { blockSize } from './tar-header.js';

/**
 * Opens an archive, and decompresses it if necessary. The caller must close the reader.
 *
 * @param budget - charged for every byte of the archive, decompressed.
 * @throws ArchiveRefused by the reader when the data is malformed, or its decompression needs more memory than allowed.
 */
export async function openArchive(chunks: AsyncIterable<unknown>, budget: ByteBudget): Promise<ByteReader> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
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
