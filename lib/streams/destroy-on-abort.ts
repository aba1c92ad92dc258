import type { Readable } from 'node:stream';
import { asError } from './thrown.js';

/**
 * Destroys a stream with the signal's reason when that aborts: Node's own `addAbortSignal` would give an error of its
 * own as the reason.
 */
export function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): void {
  if (stream.closed) return;
  const onAbort = (): void => void stream.destroy(asError(signal?.reason));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', onAbort));
}
