import { DriverError } from '../../../interfaces/index.js';
import { DeadlineExceeded, raceSignal, withDeadline } from '../../streams/index.js';

/** Milliseconds; enough for a file server that is slow or restarts. */
const defaultTimeoutMs = 30_000;

/**
 * Deadlines for file operations on the shared directory. It may be a network mount: when its server is gone, Node
 * cannot cancel an operation that was started.
 */
export class FileServer {
  readonly #timeoutMs: number;
  #unanswered = 0;

  /** @param timeoutMs - deadline of an operation in milliseconds. */
  constructor(timeoutMs = defaultTimeoutMs) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Whether an operation is past its deadline. Start no further ones then: each blocks one of the threads (four by
   * default) that Node uses for files and for DNS.
   */
  get isSilent(): boolean {
    return this.#unanswered > 0;
  }

  /**
   * Waits for an operation until its deadline. The operation itself continues after a timeout.
   *
   * @throws SharedFileUnusable when the deadline passes.
   * @throws the signal's reason when the signal aborts first.
   */
  async answer<T>(question: Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await withDeadline('the answer of the shared directory', this.#timeoutMs, signal, (within) =>
        raceSignal(question, within),
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

/** The file does not hold the image's data, or cannot be read. */
export class SharedFileUnusable extends DriverError {
  override readonly name = 'SharedFileUnusable';
  override readonly code = 'SHARED_FILE_UNUSABLE';
}
