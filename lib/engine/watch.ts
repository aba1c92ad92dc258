import type { Readable } from 'node:stream';

import { Deadline, isLent, lentBytes } from '../streams/index.js';
import { TruncatedStream } from './errors.js';
import type { RequestBody } from './send-body.js';

/** A byte stream to the engine. It is destroyed when the call is over, however it ends. */
export interface Upload {
  readonly source: Readable;
  /** Told how many bytes went to the engine so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What a watch needs to know of a call. */
interface Watched {
  /** The call, as a noun phrase, for error messages. */
  readonly what: string;
  readonly timeout: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly upload?: Upload | undefined;
}

/** Watches over a call: ends it at its deadline or with its caller's signal, and destroys what it was to upload. */
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

  /** Something moved. */
  touch(): void {
    this.#deadline?.touch();
  }

  /** The bytes to send; each piece that passes counts as a movement. */
  upload(): RequestBody | undefined {
    if (this.#call.upload === undefined) return undefined;
    return { pieces: this.#metered(this.#call.upload), lent: isLent(this.#call.upload.source) };
  }

  /** Why the call failed: the signal's reason, the upload's own failure, or else the error that it failed with. */
  reason(error: unknown): unknown {
    this.signal?.throwIfAborted();
    const source = this.#call.upload?.source;
    if (source === undefined) return error;
    if (source.errored !== null) return source.errored;
    const complete = source.readableEnded || !source.destroyed;
    return complete ? error : new TruncatedStream(`what ${this.#call.what} was to send ended early`, error);
  }

  /** The call is over. */
  end(): void {
    this.#deadline?.clear();
    this.#call.upload?.source.destroy();
  }

  async *#metered({ source, onBytes }: Upload): AsyncGenerator<Uint8Array, void, void> {
    let bytes = 0;
    for await (const piece of lentBytes(source)) {
      if (!(piece instanceof Uint8Array)) throw new TypeError('what is sent to an engine must be bytes');
      bytes += piece.length;
      this.touch();
      onBytes?.(bytes);
      yield piece;
    }
  }
}
