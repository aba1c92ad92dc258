import type { Readable } from 'node:stream';
import { InvalidInput, type LongRunningOptions } from '../../../interfaces/index.js';
import { destroyOnAbort, receivedStream, unwrapped, type ByteSource } from '../../streams/index.js';
import { Meter } from '../../progress/index.js';

/**
 * Works with the data that a caller handed over, and owns it from the first moment to the last.
 *
 * @param data - a stream, or another async iterable of bytes.
 * @param work - is given none when there is none.
 * @throws InvalidInput when the data is neither; the signal's reason, as it is, when that aborts.
 */
export async function receive<T>(
  data: AsyncIterable<Uint8Array> | undefined,
  options: LongRunningOptions,
  work: (incoming: Incoming | undefined) => Promise<T>,
): Promise<T> {
  const stream = data === undefined ? undefined : receivedStream('The data of an image', data);
  const incoming = stream === undefined ? undefined : new Incoming(stream, options);
  try {
    return await unwrapped(options.signal, () => work(incoming));
  } finally {
    incoming?.close();
  }
}

/**
 * The data that a caller handed over for an image. From the moment it is made it owns the stream: an error before
 * anybody reads does not bring the process down but is given to the one who reads, the signal ends it, and
 * {@link Incoming.close} destroys it.
 */
export class Incoming implements ByteSource {
  readonly #data: Readable;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #meter: Meter;
  #failure: unknown;

  constructor(data: Readable, { signal, onProgress }: LongRunningOptions) {
    this.#data = data;
    // A stream that fails without a listener ends the process; the iterator tells the error to whoever reads.
    data.on('error', (error) => (this.#failure ??= error));
    this.#iterator = data[Symbol.asyncIterator]();
    this.#meter = new Meter(onProgress, 'uploading');
    destroyOnAbort(data, signal);
  }

  /** What the caller's stream failed with, as against what it flows to. */
  get failure(): unknown {
    return this.#failure;
  }

  /** @throws whatever the stream fails with; InvalidInput when it gives something other than bytes. */
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
