import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { asError } from './thrown.js';
import { destroyOnAbort } from './wait.js';

/**
 * A pull-based source of bytes. Simpler to implement than a stream where each piece takes several asynchronous steps.
 */
export interface ByteSource {
  /**
   * Whether each piece shares one buffer: it is valid only until the next call of `next`. Default: the reader may keep
   * the pieces.
   */
  readonly reusesBuffer?: boolean;
  /** Resolves to the next bytes, or to undefined at the end. Calls never overlap. */
  next(): Promise<Uint8Array | undefined>;
  /** Releases the source's resources. Called once, possibly during a pending `next`, whose outcome is then ignored. */
  close(): Promise<void> | void;
}

/** How {@link readableOf} makes a stream. */
interface StreamOptions {
  /** Destroys the stream with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The stream's high-water mark in bytes. Default: Node's. */
  readonly readAhead?: number | undefined;
}

/**
 * The high-water mark of archive streams, in bytes. With Node's 64 KiB, writer and reader would constantly wait for
 * each other.
 */
export const archiveReadAhead = 1024 * 1024;

/**
 * Wraps a source in a byte stream. The receiver owns the stream; destroying it closes the source.
 *
 * Reading the stream copies the pieces of a source that reuses its buffer; {@link borrowedChunks} avoids the copy.
 */
export function readableOf(source: ByteSource, { signal, readAhead }: StreamOptions = {}): Readable {
  const stream = new SourceStream(source, readAhead);
  destroyOnAbort(stream, signal);
  return stream;
}

/** Whether the chunks of {@link borrowedChunks} are valid only until the next one is requested. */
export function reusesBuffer(stream: Readable): boolean {
  return stream instanceof SourceStream && stream.lends;
}

/**
 * Iterates over an unread stream whose consumer finishes each chunk before it requests the next. A stream of
 * {@link readableOf} yields the source's own memory, without a copy of each chunk: for gigabytes, V8 would spend more
 * time on garbage collection than the consumer spends on the bytes. Leaving the loop destroys the stream.
 *
 * @throws the stream's error.
 */
export function borrowedChunks(stream: Readable): AsyncIterable<unknown> {
  return stream instanceof SourceStream ? stream.pieces() : stream;
}

class SourceStream extends Readable {
  readonly #source: ByteSource;

  constructor(source: ByteSource, readAhead: number | undefined) {
    super(readAhead === undefined ? {} : { highWaterMark: readAhead });
    this.#source = source;
  }

  get lends(): boolean {
    return this.#source.reusesBuffer ?? false;
  }

  /** Iterates over the source directly, past the stream's buffer. */
  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    // The iterator throws the stream's error. Without a listener an error between two reads would end the process.
    this.on('error', () => undefined);
    try {
      for (let bytes = await this.#piece(); bytes !== undefined; bytes = await this.#piece())
        if (bytes.length > 0) yield bytes;
      this.push(null);
      this.resume();
      await finished(this);
    } catch (error) {
      this.destroy(asError(error));
      throw error;
    } finally {
      this.destroy();
    }
  }

  #piece(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const leave = (): void =>
        reject(this.errored ?? new Error('the stream was destroyed while it was read'));
      if (this.destroyed) {
        leave();
        return;
      }
      // A closed source may leave its pending `next` unsettled.
      this.once('close', leave);
      const settled = (): void => void this.off('close', leave);
      this.#source.next().finally(settled).then(resolve, reject);
    });
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
    // Pushing an empty chunk would not trigger another `_read`.
    if (bytes?.length === 0) this._read();
    else if (bytes === undefined) this.push(null);
    else this.push(this.lends ? Buffer.from(bytes) : bytes);
  }
}
