import type { Deadline, ByteSource } from '../../streams/index.js';
import { Digest, type Incoming } from '../shared/index.js';

/** Timeouts of the image service, in milliseconds. */
interface UploadTimeouts {
  /** For receiving the next bytes. */
  readonly idleMs: number;
  /** For the answer after the last byte. */
  readonly uploadAnswerMs: number;
}

/**
 * The body of an upload: the caller's data, hashed while it streams. The deadline runs only while the image service
 * must act, not while the caller's data is awaited.
 */
export class UploadBody implements ByteSource {
  readonly #incoming: Incoming;
  readonly #deadline: Deadline;
  readonly #timeouts: UploadTimeouts;
  readonly #digest = new Digest(['sha512']);
  #peeked: Uint8Array | undefined;
  #complete = false;

  constructor(incoming: Incoming, deadline: Deadline, timeouts: UploadTimeouts) {
    this.#incoming = incoming;
    this.#deadline = deadline;
    this.#timeouts = timeouts;
  }

  /** Whether all bytes were handed over. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Number of bytes handed over. */
  get size(): number {
    return this.#digest.size;
  }

  /** SHA-512 of the bytes handed over, in hexadecimal. */
  get sha512(): string | undefined {
    return this.#digest.value('sha512');
  }

  /** Waits for the first bytes, so that no idle connection is open meanwhile: an engine may need minutes to start. */
  async ready(): Promise<void> {
    this.#deadline.pause();
    this.#peeked = await this.#incoming.next();
    this.#complete = this.#peeked === undefined;
    this.#deadline.restart('the connection to the image service', this.#timeouts.idleMs);
  }

  async next(): Promise<Uint8Array | undefined> {
    this.#deadline.pause();
    const bytes = this.#peeked ?? (this.#complete ? undefined : await this.#incoming.next());
    this.#peeked = undefined;
    if (bytes === undefined) {
      this.#complete = true;
      this.#deadline.restart('the answer to an upload', this.#timeouts.uploadAnswerMs);
      return undefined;
    }
    this.#digest.update(bytes);
    this.#deadline.restart('the upload of the next bytes', this.#timeouts.idleMs);
    return bytes;
  }

  close(): void {
    // The caller of the upload owns the data and closes it.
  }
}
