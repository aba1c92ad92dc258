import { Readable } from 'node:stream';
import { readAll } from '../../../lib/streams/index.js';

/** Deterministic bytes that differ from word to word. */
export const bytesOf = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761) % 4294967296, at);
  return bytes;
};

/** Bytes as a stream. */
export const streamOf = (bytes: Uint8Array, chunk = 65536): Readable =>
  Readable.from(
    (function* chunks() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    })(),
    { objectMode: false },
  );

/** A stream that yields `bytes` and then fails with `error`. */
export const breaking = (bytes: Uint8Array, error: Error): Readable =>
  Readable.from(
    (function* chunks() {
      yield bytes;
      throw error;
    })(),
    { objectMode: false },
  );

/** All bytes of a stream. */
export const read = (stream: Readable): Promise<Buffer> => readAll(stream, 1 << 30);
