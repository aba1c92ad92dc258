import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { asError } from './thrown.js';
import { destroyOnAbort } from './wait.js';

/**
 * Bytes that are asked for a piece at a time: easier to write than a stream where a piece takes several steps to get.
 */
export interface ByteSource {
  /**
   * Its bytes are lent: each piece is good until the next one is asked for, because that comes into the same memory.
   * Where it is left out, the pieces are the reader's own.
   */
  readonly reusesBuffer?: boolean;
  /** The next bytes; undefined at the end. Never called again before it has answered. */
  next(): Promise<Uint8Array | undefined>;
  /**
   * Gives back what the source holds. Called once, maybe while a `next` is under way, which then fails or is not
   * heeded.
   */
  close(): Promise<void> | void;
}

/** How a source becomes a stream. */
interface StreamOptions {
  /** Destroys the stream with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that the stream reads before they are asked for; default: Node's. */
  readonly readAhead?: number | undefined;
}

/**
 * Bytes that a stream of an archive holds for its reader, where Node's own 64 KiB would have writer and reader wait for
 * each other all the time.
 */
export const archiveReadAhead = 1024 * 1024;

/**
 * A source as a byte stream, which its receiver owns. Destroying the stream, in whatever way, closes the source.
 * Whatever the source lends, those who read the stream get bytes of their own; {@link borrowedChunks} is for those who need
 * none.
 */
export function readableOf(source: ByteSource, { signal, readAhead }: StreamOptions = {}): Readable {
  const stream = new SourceStream(source, readAhead);
  destroyOnAbort(stream, signal);
  return stream;
}

/** Whether the pieces that {@link borrowedChunks} gives of a stream are good only until the next one is asked for. */
export function reusesBuffer(stream: Readable): boolean {
  return stream instanceof SourceStream && stream.lends;
}

/**
 * The bytes of a stream that nobody has begun to read, for a reader that is done with each piece before it asks for the
 * next. A stream's pieces are new memory each time, and where a gigabyte flows, V8 spends more time on collecting them
 * than anybody does on the bytes; what {@link readableOf} made of a source that lends its memory is read without. The
 * stream is destroyed when its reader leaves.
 *
 * @throws whatever the stream fails with.
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

  /** Its bytes, past the stream's own buffer. */
  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    // Whoever iterates is told of an error, also of one that nobody waits for just now.
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
      // A source that is closed need not answer any more.
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
    // An empty chunk would not make the stream ask again.
    if (bytes?.length === 0) this._read();
    else if (bytes === undefined) this.push(null);
    else this.push(this.lends ? Buffer.from(bytes) : bytes);
  }
}
