import { ByteReader } from './byte-reader.js';
import { isCompression, unpacking } from './compression.js';
import { contentType } from './content-type.js';
import { blockSize } from './tar-header.js';

/**
 * Yields an archive's bytes, decompressed if necessary.
 *
 * @throws ArchiveRefused when the data is malformed, or its decompression needs more memory than allowed.
 */
export async function* unpackedArchive(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
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
