import type { Readable } from 'node:stream';
import { asError } from './thrown.js';

/**
 * Waits for something that others wait for too: the signal ends this wait and not the thing itself.
 *
 * @throws the signal's reason, as it is, when that aborts first.
 */
export async function raceSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stopListening: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = (): void => signal.removeEventListener('abort', onAbort);
  });
  const givenUp = aborted.then((): Promise<T> => {
    signal.throwIfAborted();
    return promise;
  });
  try {
    return await Promise.race([promise, givenUp]);
  } finally {
    stopListening?.();
  }
}

/**
 * Does work that heeds a signal. Streams can only be destroyed with an error, and some clients wrap a signal's reason:
 * this throws the reason itself.
 *
 * @throws the signal's reason, as it is, when it has aborted; else what the work throws.
 */
export async function unwrapped<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Lets time pass.
 *
 * @throws the signal's reason when it aborts.
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await raceSignal(passed, signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * An abort of one's own that a parent's brings about, too. Its owner must {@link LinkedAbort.unlink} it, else the
 * listener stays: what `AbortSignal.any` makes is let go by itself, but in Node 20.20 never while the parent lives, once
 * somebody has listened to it.
 */
export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #onParentAbort = (): void => {
    this.#controller.abort(this.#parent?.reason);
  };

  /** @param parent - may have aborted already. */
  constructor(parent: AbortSignal | undefined) {
    this.#parent = parent;
    if (parent?.aborted === true) this.#onParentAbort();
    else parent?.addEventListener('abort', this.#onParentAbort, { once: true });
  }

  /** Aborts with the parent and its reason, or with {@link LinkedAbort.abort}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts, where the parent has not. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** From now on the parent has no part in it. */
  unlink(): void {
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }
}

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
