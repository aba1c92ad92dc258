import { DeadlineExceeded, unlessAborted, withDeadline } from '../../streams/index.js';

/** Milliseconds. File servers that are only slow, or start again, answer within them. */
const defaultPatience = 30_000;

/**
 * Whoever keeps the files of the directory. That may be another machine, and when it is gone, nothing ends what it was
 * asked.
 */
export class FileServer {
  readonly #patience: number;
  #unanswered = 0;

  /** @param patience - milliseconds that it may take for an answer. */
  constructor(patience = defaultPatience) {
    this.#patience = patience;
  }

  /**
   * Whether it owes an answer for longer than it may. It had better not be asked for more: each such question keeps one
   * of the threads, four by default, that Node has for files and for the names of hosts.
   */
  get isSilent(): boolean {
    return this.#unanswered > 0;
  }

  /**
   * Waits for what it was asked, which goes on when this fails.
   *
   * @throws SharedFileUnusable when it does not answer in time; the signal's reason when that aborts first.
   */
  async answer<T>(question: Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await withDeadline('an answer', this.#patience, signal, (within) =>
        unlessAborted(question, within),
      );
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error;
      const settled = (): void => void (this.#unanswered -= 1);
      this.#unanswered += 1;
      question.then(settled, settled);
      throw new SharedFileUnusable(`cannot be read: ${error.message}`, { cause: error });
    }
  }
}

/** A file that is not the image's data, or cannot be read. */
export class SharedFileUnusable extends Error {
  override readonly name = 'SharedFileUnusable';
}
