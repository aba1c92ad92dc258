import type { ClientRequest } from 'node:http';
import { asError } from '../streams/index.js';

/** The body of a request. */
export interface RequestBody {
  readonly pieces: AsyncIterable<unknown>;
  /** Whether the pieces share one buffer: each is valid only until the next one is requested. */
  readonly lent: boolean;
  /** Called before each piece is sent, with its length in bytes. */
  readonly onPiece: (bytes: number) => void;
}

/**
 * Sends a body and ends the request. When the source fails, the request is destroyed with its error, so that the engine
 * cannot take a partial body for a complete one. When the request breaks, it emits its own error; the source's owner
 * destroys the source.
 */
export async function sendBody(
  { pieces, lent, onPiece }: RequestBody,
  request: ClientRequest,
): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      const piece: unknown = step.value;
      if (!(piece instanceof Uint8Array)) {
        await iterator.return?.();
        throw new TypeError('the body of a request to an engine must be bytes');
      }
      onPiece(piece.length);
      if (!(await written(request, piece, lent))) return;
    }
    request.end();
  } catch (error) {
    request.destroy(asError(error));
  }
}

/**
 * Resolves when the request's buffer has room or, for a shared buffer, when the kernel has taken the piece.
 *
 * @returns whether the request can still be written to.
 */
function written(request: ClientRequest, piece: Uint8Array, lent: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    if (request.destroyed) {
      resolve(false);
      return;
    }
    const onClose = (): void => resolve(false);
    const settle = (isWritten: boolean): void => {
      request.off('close', onClose);
      resolve(isWritten);
    };
    request.once('close', onClose);
    const hasRoom = request.write(piece, (error) => {
      if (lent) settle(!(error instanceof Error));
    });
    if (lent) return;
    if (hasRoom) settle(true);
    else request.once('drain', () => settle(true));
  });
}
