import PQueue from 'p-queue';
import { LinkedAbort } from './wait.js';

/** Work on one thing takes turns; work on different things does not wait for each other. */
export class KeyedMutex {
  readonly #queues = new Map<string, PQueue>();

  /**
   * Runs `work` when all earlier work on the same thing has ended.
   *
   * @param thing - what must not be worked on twice at once: an instance's uuid, a network's name.
   * @throws the signal's reason when it aborts while the work still waits.
   */
  async runExclusive<T>(thing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(thing) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(thing, queue);
    try {
      return await runInQueue(queue, signal, work);
    } finally {
      if (queue.size === 0 && queue.pending === 0) this.#queues.delete(thing);
    }
  }
}

/**
 * Runs `work` when the queue has a place for it. The signal ends only the waiting: p-queue, given a signal, would free
 * the place while the aborted work is still being undone.
 *
 * @throws the signal's reason when it aborts before the work has begun.
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
