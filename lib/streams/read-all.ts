import { DriverError } from '../../interfaces/index.js';

/** A stream exceeded its size limit. */
export class TooLarge extends DriverError {
  override readonly name = 'TooLarge';
  override readonly code = 'TOO_LARGE';

  /** @param limit - the limit in bytes. */
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`);
  }
}

/**
 * Reads a stream into memory. The stream is destroyed in any case.
 *
 * @param limit - the longest accepted stream, in bytes.
 * @throws TooLarge when the stream exceeds the limit; the stream's own error.
 */
export async function readAll(stream: AsyncIterable<unknown>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    const chunk = asBytes(piece);
    bytes += chunk.length;
    if (bytes > limit) throw new TooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/**
 * Converts a chunk of a byte stream to a Buffer on the same memory.
 *
 * @throws TypeError when the chunk is not bytes.
 */
export function asBytes(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece;
  if (!(piece instanceof Uint8Array)) throw new TypeError('a byte stream yielded something other than bytes');
  return Buffer.from(piece.buffer, piece.byteOffset, piece.length);
}
