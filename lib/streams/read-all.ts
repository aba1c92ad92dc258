/** A stream that must be small was not. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';

  /** @param limit - bytes that were allowed. */
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`);
  }
}

/**
 * Reads a stream to its end into memory; the stream is destroyed in any case.
 *
 * @param limit - bytes it may have.
 * @throws TooLarge beyond the limit, and whatever the stream fails with.
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
 * A piece of a byte stream as a buffer, of the same memory.
 *
 * @throws TypeError when the stream gives something other than bytes.
 */
export function asBytes(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece;
  if (!(piece instanceof Uint8Array)) throw new TypeError('a byte stream gave something other than bytes');
  return Buffer.from(piece.buffer, piece.byteOffset, piece.length);
}
