import { Readable, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidInput } from '../../../interfaces/index.js';
import {
  ArchiveRefused,
  blockSize,
  ByteBudget,
  ByteReader,
  endOfArchive,
  FileSystemReader,
  headersAt,
  isInside,
  unpackedArchive,
} from '../../archives/index.js';

/** Files, directories, links: an engine would make devices of others, and wait for ever for what is in a FIFO. */
const allowed = new Set(['0', '\0', '1', '2', '5', '7']);
/** Where a header block says what kind of entry it begins. */
const typeAt = 156;

/**
 * Checks the archive of a build's context, entry by entry, while it flows. All names are made relative to the context's
 * root.
 *
 * @param source - a tar stream, plain or compressed with gzip, zstd or xz; destroyed in any case.
 * @param maxBytes - that it may have unpacked.
 * @returns a plain tar stream, whose receiver must read or destroy it. It fails with InvalidInput when an entry is a
 * device or a FIFO or has a name that leads out of the context, or when it is no archive; with whatever the source
 * fails with.
 */
export function archiveContext(
  source: Readable,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Readable {
  const stream = new PassThrough();
  const check = (bytes: AsyncIterable<unknown>): AsyncIterable<Buffer> => checked(bytes, maxBytes);
  pipeline(source, check, stream, ...(signal === undefined ? [] : [{ signal }])).catch(() => {
    // Whoever reads the stream hears of it.
  });
  stream.once('close', () => source.destroy());
  return stream;
}

async function* checked(bytes: AsyncIterable<unknown>, maxBytes: number): AsyncGenerator<Buffer, void, void> {
  const unpacked = new ByteReader(unpackedArchive(bytes), new ByteBudget(maxBytes));
  const reader = new FileSystemReader(unpacked.rest());
  try {
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
    await reader.close();
    await unpacked.close();
  }
}

const shown = (path: string): string => JSON.stringify(path.slice(0, 200));
