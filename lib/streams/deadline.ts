import { DriverError } from '../../interfaces/index.js';
import { LinkedAbort } from './wait.js';

/** An operation exceeded its deadline. */
export class DeadlineExceeded extends DriverError {
  override readonly name = 'DeadlineExceeded';
  override readonly code = 'DEADLINE_EXCEEDED';

  /**
   * @param what - the operation, as a noun phrase.
   * @param milliseconds - the time limit.
   */
  constructor(
    readonly what: string,
    readonly milliseconds: number,
  ) {
    super(`${what} took longer than ${milliseconds / 1000} s`);
  }
}

/** The longest delay of a Node timer, in milliseconds: some 24 days. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Aborts with its parent, or when {@link Deadline.touch} is not called for too long. The owner must call
 * {@link Deadline.clear}, which releases the timer and the listener.
 */
export class Deadline {
  readonly #abort: LinkedAbort;
  #timer: NodeJS.Timeout;
  #ended = false;

  /**
   * @param what - the operation, as a noun phrase for the error's message.
   * @param milliseconds - the longest time without a {@link Deadline.touch}.
   * @param parent - aborts this deadline too, with its own reason.
   */
  constructor(what: string, milliseconds: number, parent?: AbortSignal) {
    this.#abort = new LinkedAbort(parent);
    this.#timer = this.#start(what, milliseconds);
  }

  /** Aborts with {@link DeadlineExceeded}, or with the parent's reason. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Records progress: restarts the timer. */
  touch(): void {
    this.#timer.refresh();
  }

  /** Stops the timer until {@link Deadline.restart}: a slow reader must not count as a silent sender. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Starts the timer anew, for another operation. */
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
    // Node replaces a delay beyond its maximum by 1 ms.
    return setTimeout(
      () => {
        this.#abort.abort(new DeadlineExceeded(what, milliseconds));
      },
      Math.min(milliseconds, maxTimerMs),
    );
  }
}

/**
 * Runs `work` under a deadline.
 *
 * @throws DeadlineExceeded when `work` honours the signal; the parent's reason when the parent aborts.
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
