import type PQueue from 'p-queue';

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
  const waiting = new AbortController();
  const stopWaiting = (): void => {
    waiting.abort(signal?.reason);
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', stopWaiting, { once: true });
  try {
    return await queue.add(
      () => {
        signal?.removeEventListener('abort', stopWaiting);
        return work();
      },
      { signal: waiting.signal },
    );
  } finally {
    signal?.removeEventListener('abort', stopWaiting);
  }
}
