import type { ClientRequest } from 'node:http';
import { asError } from '../streams/index.js';

/** Bytes to send as the body of a request. */
export interface RequestBody {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Whether each piece is good only until the next is asked for. */
  readonly lent: boolean;
}

/**
 * Sends bytes as the body of a request, and ends it. When they fail, the request is destroyed with their error: its
 * other end must not take what has arrived for all. When the request breaks, it tells so itself, and the rest is not
 * read: it is its owner's to destroy.
 */
export async function sendBody({ pieces, lent }: RequestBody, request: ClientRequest): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next())
      if (!(await written(request, step.value, lent))) return;
    request.end();
  } catch (error) {
    request.destroy(asError(error));
  }
}

/**
 * @returns whether there is any use in writing more, once there is room for it, or, of lent memory, once the kernel has
 * taken it.
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
