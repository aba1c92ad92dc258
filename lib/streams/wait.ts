import type { Readable } from 'node:stream';
import { asError } from './thrown.js';

/**
 * Waits for a promise that others share: the signal cancels this wait only.
 *
 * @throws the signal's reason, unchanged, when it aborts first.
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
 * Runs work that honours a signal, and restores the signal's reason. Streams and some clients wrap the reason in an
 * error of their own.
 *
 * @throws the signal's reason, unchanged, when it has aborted; otherwise the work's error.
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
 * Sleeps.
 *
 * @throws the signal's reason when it aborts.
 */
export async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
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
 * An abort controller that also aborts with its parent. The owner must call {@link LinkedAbort.unlink}, which removes
 * the listener. `AbortSignal.any` would leak: in Node 20.20 its result is never collected while the parent lives, once
 * it has had a listener.
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

  /** Aborts with the parent's reason, or through {@link LinkedAbort.abort}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts, unless the parent has aborted already. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** Detaches from the parent. */
  unlink(): void {
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }
}

/** Destroys a stream with the signal's reason. Node's `addAbortSignal` would destroy it with an AbortError instead. */
export function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): void {
  if (stream.closed) return;
  const onAbort = (): void => void stream.destroy(asError(signal?.reason));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', onAbort));
}
