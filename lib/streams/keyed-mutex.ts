import PQueue from 'p-queue';
import { LinkedAbort } from './wait.js';

/** A mutex for each key: work on one key is serialized, work on different keys runs concurrently. */
export class KeyedMutex {
  readonly #queues = new Map<string, PQueue>();

  /**
   * Runs `work` after all earlier work on the same key has ended.
   *
   * @param thing - the key, for instance an instance's UUID or a network's name.
   * @throws the signal's reason when it aborts before `work` starts.
   */
  async runExclusive<T>(thing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(thing) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(thing, queue);
    try {
      return await runInQueue(queue, signal, work);
    } finally {
      // A waiter that aborted late may come here after its queue was deleted and a newer one set.
      const isEmpty = queue.size === 0 && queue.pending === 0;
      if (isEmpty && this.#queues.get(thing) === queue) this.#queues.delete(thing);
    }
  }

  /**
   * Acquires a key's lock, once all earlier work on it has ended.
   *
   * @returns a function that releases the lock; a second call is a no-op.
   * @throws the signal's reason when it aborts first.
   */
  async acquire(thing: string, signal: AbortSignal | undefined): Promise<() => void> {
    return await new Promise<() => void>((resolve, reject) => {
      const held = (): Promise<void> => new Promise<void>((release) => resolve(release));
      this.runExclusive(thing, signal, held).catch(reject);
    });
  }
}

/**
 * Runs `work` when the queue has a free slot. The signal cancels only the wait: p-queue's own signal would free the
 * slot while aborted work is still rolling back.
 *
 * @throws the signal's reason when it aborts before `work` starts.
 */
export async function runInQueue<T>(
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
