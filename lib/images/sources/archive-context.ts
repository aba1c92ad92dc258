import { Readable, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InvalidInput } from '../../../interfaces/index.js';
import { asBytes, codeOf } from '../../streams/index.js';
import {
  ArchiveRefused,
  blockSize,
  endOfArchive,
  FileSystemReader,
  headersAt,
  plainPath,
} from '../archive/index.js';

/** Files, directories, links: an engine would make devices of others, and wait for ever for what is in a FIFO. */
const allowed = new Set(['0', '\0', '1', '2', '5', '7']);
/** Where a header block says what kind of entry it begins. */
const typeAt = 156;

/**
 * Checks the archive of a build's context, entry by entry, while it flows. All names are made relative to the context's root.
 *
 * @param source - a tar stream, plain or gzip; destroyed in any case.
 * @param maxBytes - that it may have unpacked.
 * @returns a plain tar stream, whose receiver must read or destroy it. It fails with InvalidInput when an entry is a device or a FIFO or has a name
 * that leads out of the context, or when it is no archive; with whatever the source fails with.
 */
export function archiveContext(
  source: Readable,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Readable {
  const stream = new PassThrough();
  const check = (bytes: AsyncIterable<unknown>): AsyncIterable<Buffer> => checked(unpacked(bytes, maxBytes));
  pipeline(source, check, stream, ...(signal === undefined ? [] : [{ signal }])).catch(() => {
    // Whoever reads the stream hears of it.
  });
  stream.once('close', () => source.destroy());
  return stream;
}

async function* checked(bytes: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
  const reader = new FileSystemReader(bytes);
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      const { path, target, kind, headers } = entry;
      const type = headers.subarray(-blockSize).toString('latin1', typeAt, typeAt + 1);
      if (!allowed.has(type))
        throw new InvalidInput(`${shown(path)} in a build's context is a device or a FIFO`);
      if (leadsOut(path) || (kind === 'hard link' && leadsOut(target)))
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
  }
}

const leadsOut = (path: string): boolean => plainPath(path).split('/').includes('..');
const shown = (path: string): string => JSON.stringify(path.slice(0, 200));

/** The bytes, unpacked if they are gzip data, in as much space as they may have. */
async function* unpacked(
  source: AsyncIterable<unknown>,
  maxBytes: number,
): AsyncGenerator<Buffer, void, void> {
  const chunks = buffers(source);
  let head = Buffer.alloc(0);
  while (head.length < gzipMagic.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const isGzip = head.subarray(0, gzipMagic.length).equals(gzipMagic);
  const whole = joined(head, chunks);
  let bytes = 0;
  for await (const chunk of isGzip ? gunzipped(whole) : whole) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new InvalidInput(`The context of a build is larger than the ${maxBytes} bytes allowed`);
    yield chunk;
  }
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);

async function* buffers(source: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of source) yield asBytes(chunk);
}

async function* joined(
  head: Buffer,
  rest: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const gunzip = createGunzip();
  pipeline(source, gunzip).catch(() => {
    // Whoever reads what is unpacked hears of it.
  });
  try {
    yield* buffers(gunzip);
  } catch (cause) {
    if (codeOf(cause)?.startsWith('Z_') !== true) throw cause;
    throw new InvalidInput('The context of a build is damaged gzip data', { cause });
  } finally {
    gunzip.destroy();
  }
}
