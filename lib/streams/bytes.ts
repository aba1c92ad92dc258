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
