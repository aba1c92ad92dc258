import type { Readable } from 'node:stream';

import { Deadline, reusesBuffer, borrowedChunks } from '../streams/index.js';
import { TruncatedStream } from './errors.js';
import type { RequestBody } from './send-body.js';

/** A byte stream to upload. It is destroyed when the call ends, successfully or not. */
export interface Upload {
  readonly source: Readable;
  /** Receives the number of bytes sent so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** The part of a call that a watch needs. */
interface Watched {
  /** The call, as a noun phrase for error messages. */
  readonly what: string;
  readonly timeout: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly upload?: Upload | undefined;
}

/** Supervises a call: aborts it at its deadline or with the caller's signal, and destroys its upload at the end. */
export class Watch {
  readonly #call: Watched;
  readonly #deadline: Deadline | undefined;

  constructor(call: Watched) {
    this.#call = call;
    if (call.timeout !== undefined) this.#deadline = new Deadline(call.what, call.timeout, call.signal);
  }

  /** Aborts when the call must end. */
  get signal(): AbortSignal | undefined {
    return this.#deadline?.signal ?? this.#call.signal;
  }

  /** Records progress, which restarts the timeout. */
  touch(): void {
    this.#deadline?.touch();
  }

  /** The body to send. Each piece counts as progress. */
  upload(): RequestBody | undefined {
    if (this.#call.upload === undefined) return undefined;
    const { source, onBytes } = this.#call.upload;
    let sent = 0;
    const onPiece = (bytes: number): void => {
      sent += bytes;
      this.touch();
      onBytes?.(sent);
    };
    return { pieces: borrowedChunks(source), lent: reusesBuffer(source), onPiece };
  }

  /** The cause of a failure: the signal's reason, the upload's own error, or else the given error. */
  reason(error: unknown): unknown {
    this.signal?.throwIfAborted();
    const source = this.#call.upload?.source;
    if (source === undefined) return error;
    if (source.errored !== null) return source.errored;
    const complete = source.readableEnded || !source.destroyed;
    return complete
      ? error
      : new TruncatedStream(`the request body of ${this.#call.what} ended early`, error);
  }

  /** Ends supervision and destroys the upload. */
  end(): void {
    this.#deadline?.clear();
    this.#call.upload?.source.destroy();
  }
}
