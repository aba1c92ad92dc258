import { Readable, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidInput } from '../../../interfaces/index.js';
import {
  ArchiveRefused,
  blockSize,
  ByteBudget,
  type ByteReader,
  endOfArchive,
  FileSystemReader,
  headersAt,
  isInside,
  openArchive,
  shown,
} from '../../archives/index.js';

/**
 * Type flags of files, directories and links. An engine would create a device for other types, or wait forever on a
 * FIFO.
 */
const allowed = new Set(['0', '\0', '1', '2', '5', '7']);
/** Offset of the type flag in a header block. */
const typeAt = 156;

/**
 * Validates the archive of a build context entry by entry while it is streamed. Makes all names relative to the
 * context's root.
 *
 * @param source - a tar stream, plain or compressed with gzip, zstd, xz or bzip2; always destroyed.
 * @param maxBytes - maximum unpacked size in bytes.
 * @returns a plain tar stream, which the caller must read or destroy. It fails with the source's error, or with
 * InvalidInput when the archive is malformed or an entry is a device, a FIFO or outside the context.
 */
export function archiveContext(
  source: Readable,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Readable {
  const stream = new PassThrough();
  const check = (bytes: AsyncIterable<unknown>): AsyncIterable<Buffer> => checked(bytes, maxBytes);
  pipeline(source, check, stream, ...(signal === undefined ? [] : [{ signal }])).catch(() => {
    // The stream's reader receives the error.
  });
  stream.once('close', () => source.destroy());
  return stream;
}

async function* checked(bytes: AsyncIterable<unknown>, maxBytes: number): AsyncGenerator<Buffer, void, void> {
  let unpacked: ByteReader | undefined;
  let reader: FileSystemReader | undefined;
  try {
    unpacked = await openArchive(bytes, new ByteBudget(maxBytes));
    reader = new FileSystemReader(unpacked.rest());
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      const { path, target, kind, headers } = entry;
      const type = headers.subarray(-blockSize).toString('latin1', typeAt, typeAt + 1);
      if (!allowed.has(type))
        throw new InvalidInput(`${shown(path)} in a build's context is a device or a FIFO`);
      if (!isInside(path) || (kind === 'hard link' && !isInside(target)))
        throw new InvalidInput(`${shown(path)} leads out of a build's context`);
      if (path !== '') yield headersAt(path, target, entry);
      for await (const piece of reader.content()) if (path !== '') yield piece;
    }
    yield endOfArchive;
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new InvalidInput(`The context of a build ${error.message}`, { cause: error });
  } finally {
    await reader?.close();
    await unpacked?.close();
  }
}
