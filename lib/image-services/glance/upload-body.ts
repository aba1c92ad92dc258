import type { Deadline, ByteSource } from '../../streams/index.js';
import { Digest, type Incoming } from '../shared/index.js';

/** How long the image service may take, in milliseconds. */
interface UploadPatience {
  /** To take the next bytes. */
  readonly idle: number;
  /** To answer after the last byte. */
  readonly uploadAnswer: number;
}

/**
 * The body of an upload: the caller's data, hashed as it flows. The deadline runs only while the image service is to
 * act, not while the caller's data lets itself be waited for.
 */
export class UploadBody implements ByteSource {
  readonly #incoming: Incoming;
  readonly #deadline: Deadline;
  readonly #patience: UploadPatience;
  readonly #digest = new Digest(['sha512']);
  #peeked: Uint8Array | undefined;
  #complete = false;

  constructor(incoming: Incoming, deadline: Deadline, patience: UploadPatience) {
    this.#incoming = incoming;
    this.#deadline = deadline;
    this.#patience = patience;
  }

  /** All bytes have been handed over. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Bytes that have been handed over. */
  get size(): number {
    return this.#digest.size;
  }

  /** In hexadecimal. */
  get sha512(): string | undefined {
    return this.#digest.value('sha512');
  }

  /**
   * Waits for the first bytes: no connection should be open that has nothing to carry. An engine takes minutes to
   * begin.
   */
  async ready(): Promise<void> {
    this.#deadline.pause();
    this.#peeked = await this.#incoming.next();
    this.#complete = this.#peeked === undefined;
    this.#deadline.restart('the image service to take a connection', this.#patience.idle);
  }

  async next(): Promise<Uint8Array | undefined> {
    this.#deadline.pause();
    const bytes = this.#peeked ?? (this.#complete ? undefined : await this.#incoming.next());
    this.#peeked = undefined;
    if (bytes === undefined) {
      this.#complete = true;
      this.#deadline.restart('the answer to an upload', this.#patience.uploadAnswer);
      return undefined;
    }
    this.#digest.update(bytes);
    this.#deadline.restart('the image service to take the next bytes', this.#patience.idle);
    return bytes;
  }

  close(): void {
    // The caller's data belongs to whoever began the upload.
  }
}
