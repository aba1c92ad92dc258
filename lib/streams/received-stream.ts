import type { Readable } from 'node:stream';
import { InvalidInput } from '../../interfaces/index.js';
import { readableOf, type ByteSource } from './byte-source.js';

/**
 * Converts a caller's data to a Node stream. The receiver owns the stream; destroying it closes the caller's data.
 *
 * @param what - the data, as a noun phrase for the message.
 * @param data - a Node stream, a web stream, or another async iterable of bytes.
 * @throws InvalidInput when it is none of these, or already has a reader.
 */
export function receivedStream(what: string, data: unknown): Readable {
  if (isStream(data)) return data;
  if (!isAsyncIterable(data))
    throw new InvalidInput(
      `${what} must be a stream or another async iterable of bytes, not ${kindOf(data)}: for bytes in memory use Readable.from([bytes])`,
    );
  return readableOf(new IteratedBytes(what, iteratorOf(what, data)));
}

class IteratedBytes implements ByteSource {
  readonly #what: string;
  readonly #iterator: AsyncIterator<unknown>;
  #isWaiting = false;

  constructor(what: string, iterator: AsyncIterator<unknown>) {
    this.#what = what;
    this.#iterator = iterator;
  }

  /** @throws InvalidInput when the iterator yields something other than bytes; the iterator's own error. */
  async next(): Promise<Uint8Array | undefined> {
    this.#isWaiting = true;
    const step: IteratorResult<unknown, unknown> = await this.#iterator.next();
    this.#isWaiting = false;
    if (step.done === true) return undefined;
    const { value } = step;
    if (value instanceof Uint8Array) return value;
    throw new InvalidInput(`${this.#what} must yield bytes (Uint8Array), not ${kindOf(value)}`);
  }

  async close(): Promise<void> {
    const closing = Promise.resolve(this.#iterator.return?.());
    // A generator runs `return` only after its pending `next`, which may never settle: do not wait for it, and ignore
    // its error.
    if (this.#isWaiting) closing.catch(() => undefined);
    else await closing;
  }
}

/** Duck typing, because npm packages bring their own stream classes. */
function isStream(data: unknown): data is Readable {
  return (
    isAsyncIterable(data) &&
    ['on', 'once', 'destroy'].every((name) => typeof Reflect.get(data, name) === 'function')
  );
}

function isAsyncIterable(data: unknown): data is AsyncIterable<unknown> {
  return (
    typeof data === 'object' && data !== null && typeof Reflect.get(data, Symbol.asyncIterator) === 'function'
  );
}

/** A web stream with a reader throws here. */
function iteratorOf(what: string, data: AsyncIterable<unknown>): AsyncIterator<unknown> {
  try {
    return data[Symbol.asyncIterator]();
  } catch (cause) {
    throw new InvalidInput(
      `${what} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
}
