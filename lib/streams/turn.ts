import type PQueue from 'p-queue';
import { LinkedAbort } from './linked-abort.js';

/**
 * Runs `work` when the queue has a place for it. The signal ends only the waiting: p-queue, given a signal, would free
 * the place while the aborted work is still being undone.
 *
 * @throws the signal's reason when it aborts before the work has begun.
 */
export async function takeTurn<T>(
  queue: PQueue,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const waiting = new LinkedAbort(signal);
  try {
    return await queue.add(
      () => {
        waiting.unlink();
        return work();
      },
      { signal: waiting.signal },
    );
  } finally {
    waiting.unlink();
  }
}
