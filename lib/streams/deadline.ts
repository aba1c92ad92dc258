import { LinkedAbort } from './wait.js';

/** Something took longer than it may. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';

  /**
   * @param what - what was waited for, as a noun phrase.
   * @param milliseconds - how long.
   */
  constructor(
    readonly what: string,
    readonly milliseconds: number,
  ) {
    super(`${what} took longer than ${milliseconds / 1000} s`);
  }
}

/** Milliseconds, some 24 days. */
const longestTimer = 2 ** 31 - 1;

/**
 * Aborts when its parent does, or when too long passes without a {@link Deadline.touch}. Its owner must
 * {@link Deadline.clear} it, else the timer and the listener stay.
 */
export class Deadline {
  readonly #abort: LinkedAbort;
  #timer: NodeJS.Timeout;
  #ended = false;

  /**
   * @param what - what is waited for, as a noun phrase, for the error's message.
   * @param milliseconds - how long it may take, or may be silent.
   * @param parent - aborts this deadline too, with its own reason.
   */
  constructor(what: string, milliseconds: number, parent?: AbortSignal) {
    this.#abort = new LinkedAbort(parent);
    this.#timer = this.#start(what, milliseconds);
  }

  /** Aborts at the deadline, with {@link DeadlineExceeded} as its reason, or with the parent and its reason. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Something moved: the time starts anew. */
  touch(): void {
    this.#timer.refresh();
  }

  /** Nobody is waited for until {@link Deadline.restart}: a reader that takes its time is not the sender's silence. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** From now on, this is waited for, for so long. */
  restart(what: string, milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#ended) this.#timer = this.#start(what, milliseconds);
  }

  /** Ends the deadline without aborting. */
  clear(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#abort.unlink();
  }

  #start(what: string, milliseconds: number): NodeJS.Timeout {
    // Node takes a longer time for none at all.
    return setTimeout(
      () => {
        this.#abort.abort(new DeadlineExceeded(what, milliseconds));
      },
      Math.min(milliseconds, longestTimer),
    );
  }
}

/**
 * Runs `work` under a deadline.
 *
 * @throws DeadlineExceeded through whatever in `work` heeds the signal; the parent's reason when that aborts.
 */
export async function withDeadline<T>(
  what: string,
  milliseconds: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(what, milliseconds, parent);
  try {
    deadline.signal.throwIfAborted();
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}
