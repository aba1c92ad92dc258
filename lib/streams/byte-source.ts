import { Readable } from 'node:stream';
import { asError } from './thrown.js';

/** Bytes that are asked for a piece at a time: easier to write than a stream where a piece takes several steps to get. */
export interface ByteSource {
  /** The next bytes; undefined at the end. Never called again before it has answered. */
  next(): Promise<Uint8Array | undefined>;
  /** Gives back what the source holds. Called once, maybe while a `next` is under way, which then fails or is not heeded. */
  close(): Promise<void> | void;
}

/**
 * A source as a byte stream, which its receiver owns. Destroying the stream, in whatever way, closes the source.
 *
 * @param signal - destroys the stream with its reason.
 */
export function readableOf(source: ByteSource, signal?: AbortSignal): Readable {
  const stream = new SourceStream(source);
  const onAbort = (): void => {
    stream.destroy(asError(signal?.reason));
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal?.removeEventListener('abort', onAbort));
  return stream;
}

class SourceStream extends Readable {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _read(): void {
    this.#source.next().then(
      (bytes) => this.#give(bytes),
      (error: unknown) => this.destroy(asError(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    Promise.resolve(this.#source.close()).then(
      () => callback(error),
      (closeError: unknown) => callback(error ?? asError(closeError)),
    );
  }

  #give(bytes: Uint8Array | undefined): void {
    // An empty chunk would not make the stream ask again.
    if (bytes?.length === 0) this._read();
    else this.push(bytes ?? null);
  }
}
