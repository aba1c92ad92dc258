import { Readable } from 'node:stream';

/** Bytes as a stream, for an image service. */
export function bytes(content: Buffer): Readable {
  return Readable.from([content], { objectMode: false });
}
