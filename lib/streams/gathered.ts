/** The size of a block, in bytes. A larger piece is passed on as it is. */
const pieceSize = 64 * 1024;

/**
 * Coalesces small buffers into blocks. The archive of a file system comes as some hundred bytes an entry. Sent one by
 * one, each would cost both ends a system call, and a hundred thousand small files would take minutes.
 */
export async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let block = Buffer.allocUnsafe(pieceSize);
  let used = 0;
  for await (const piece of pieces) {
    if (used + piece.length > pieceSize) {
      if (used > 0) yield block.subarray(0, used);
      block = Buffer.allocUnsafe(pieceSize);
      used = 0;
    }
    if (piece.length > pieceSize) yield piece;
    else used += piece.copy(block, used);
  }
  if (used > 0) yield block.subarray(0, used);
}
