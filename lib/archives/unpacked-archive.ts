import { ArchiveRefused } from './archive-refused.js';
import { ByteReader } from './byte-reader.js';
import { type Compression, isCompression, unpacking } from './compression.js';
import { contentType } from './content-type.js';
import type { ByteBudget } from './limits.js';
import { paxRecord } from './extended-header.js';
import { extendedHeader } from './file-system-reader.js';
import { blockSize } from './tar-header.js';

/**
 * Opens an archive, and decompresses it if necessary. The caller must close the reader.
 *
 * @param budget - charged for every byte of the archive, decompressed.
 * @throws ArchiveRefused, also by the reader, when the data is malformed, or its decompression needs more memory than
 * allowed, or what it unpacks to begins as compressed data does.
 */
export async function openArchive(chunks: AsyncIterable<unknown>, budget: ByteBudget): Promise<ByteReader> {
  const bytes = new ByteReader(chunks);
  const type = contentType(await bytes.peek(blockSize));
  if (!isCompression(type)) {
    bytes.charge(budget);
    return bytes;
  }
  const content = new ByteReader(unpacked(bytes, type), budget);
  try {
    await mustNotBeCompressed(content);
    return content;
  } catch (error) {
    await content.close();
    throw error;
  }
}

/**
 * A tar archive can begin with a compression's magic bytes, as the name of its first entry. An engine that receives
 * such an archive unpacks it again, to unchecked content.
 */
async function mustNotBeCompressed(content: ByteReader): Promise<void> {
  if (isCompression(contentType(await content.peek(blockSize))))
    throw new ArchiveRefused('is compressed twice, or begins as compressed data does');
}

/**
 * Passes on a tar archive whose names are not the driver's. If it begins as compressed data does, it gets a header in
 * front that says nothing: engines unpack such an archive, see {@link openArchive}.
 *
 * @param archive - its first piece is at least one header.
 */
export async function* neverCompressed(
  archive: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  let isFirst = true;
  for await (const piece of archive) {
    if (isFirst && isCompression(contentType(piece.subarray(0, blockSize))))
      yield extendedHeader([paxRecord('comment', 'not compressed')]);
    isFirst = false;
    yield piece;
  }
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
