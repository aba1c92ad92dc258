import type PQueue from 'p-queue';
import { runInQueue } from './keyed-mutex.js';

/** A slot of a queue that limits concurrent work. Give it back with `release`, or declare it with `using`. */
export class Slot implements Disposable {
  readonly #queue: PQueue;
  readonly #signal: AbortSignal | undefined;
  #release: (() => void) | undefined;

  private constructor(queue: PQueue, signal: AbortSignal | undefined) {
    this.#queue = queue;
    this.#signal = signal;
  }

  /**
   * Waits for a free slot.
   *
   * @throws the signal's reason when it aborts before a slot is free.
   */
  static async acquire(queue: PQueue, signal: AbortSignal | undefined): Promise<Slot> {
    const slot = new Slot(queue, signal);
    await slot.acquireAgain();
    return slot;
  }

  /**
   * Waits for a free slot after {@link release}.
   *
   * @throws the signal's reason when it aborts before a slot is free.
   */
  async acquireAgain(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const hold = (): Promise<void> =>
        new Promise((release) => {
          this.#release = release;
          resolve();
        });
      runInQueue(this.#queue, this.#signal, hold).catch(reject);
    });
  }

  /** Frees the slot. Idempotent. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
