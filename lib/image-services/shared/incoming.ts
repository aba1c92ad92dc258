import type { Readable } from 'node:stream';
import { InvalidInput, type Logger, type LongRunningOptions } from '../../../interfaces/index.js';
import {
  destroyOnAbort,
  guardListener,
  receivedStream,
  unwrapped,
  type ByteSource,
} from '../../streams/index.js';
import { Meter } from '../../progress/index.js';

/**
 * Runs `work` with the caller's data, and destroys the stream afterwards.
 *
 * @param data - a stream, or another async iterable of bytes.
 * @param options - errors of `onProgress` are logged.
 * @param work - receives undefined if there is no data.
 * @throws InvalidInput when the data is neither a stream nor an async iterable.
 * @throws the signal's reason, unwrapped, when the signal aborts.
 */
export async function receive<T>(
  data: AsyncIterable<Uint8Array> | undefined,
  { signal, onProgress }: LongRunningOptions,
  logger: Logger,
  work: (incoming: Incoming | undefined) => Promise<T>,
): Promise<T> {
  const stream = data === undefined ? undefined : receivedStream('The data of an image', data);
  const incoming =
    stream === undefined
      ? undefined
      : new Incoming(stream, { signal, onProgress: guardListener(onProgress, logger) });
  try {
    return await unwrapped(signal, () => work(incoming));
  } finally {
    incoming?.close();
  }
}

/**
 * The caller's data for an image. Owns the stream from construction on: it keeps an early error for the reader, the
 * signal destroys the stream, and {@link Incoming.close} destroys it too.
 */
export class Incoming implements ByteSource {
  readonly #data: Readable;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #meter: Meter;
  #failure: unknown;

  constructor(data: Readable, { signal, onProgress }: LongRunningOptions) {
    this.#data = data;
    // A stream that fails without an error listener ends the process. The iterator passes the error to the reader.
    data.on('error', (error) => (this.#failure ??= error));
    this.#iterator = data[Symbol.asyncIterator]();
    this.#meter = new Meter(onProgress, 'uploading');
    destroyOnAbort(data, signal);
  }

  /** The error of the caller's stream, to distinguish it from errors of the destination. */
  get failure(): unknown {
    return this.#failure;
  }

  /** @throws InvalidInput when the stream yields something other than bytes. Errors of the stream are passed on. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      const step = await this.#iterator.next();
      if (step.done !== true) return this.#pass(step.value);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    this.#meter.end();
    return undefined;
  }

  close(): void {
    this.#data.destroy();
  }

  #pass(chunk: unknown): Uint8Array {
    if (!(chunk instanceof Uint8Array)) {
      throw new InvalidInput('The data of an image must be a stream of bytes, without an encoding.');
    }
    this.#meter.add(chunk.length);
    return chunk;
  }
}
