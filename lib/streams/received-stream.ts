import type { Readable } from 'node:stream';
import { InvalidInput } from '../../interfaces/index.js';
import { readableOf, type ByteSource } from './byte-source.js';

/**
 * The bytes that a caller handed over as a stream of Node, which its receiver owns: destroying it closes what the caller
 * gave.
 *
 * @param what - what was handed over, as a noun phrase, for the message.
 * @param data - a stream of Node or of the web, or any other async iterable of bytes.
 * @throws InvalidInput when it is none of these, or somebody else reads it already.
 */
export function receivedStream(what: string, data: unknown): Readable {
  if (isStream(data)) return data;
  if (!isAsyncIterable(data))
    throw new InvalidInput(
      `${what} must be a stream or another async iterable of bytes, not ${kindOf(data)}: for bytes in memory use Readable.from([bytes])`,
    );
  return readableOf(new IteratedBytes(what, iteratorOf(what, data)));
}

/** The bytes of an async iterator. */
class IteratedBytes implements ByteSource {
  readonly #what: string;
  readonly #iterator: AsyncIterator<unknown>;
  #isWaiting = false;

  constructor(what: string, iterator: AsyncIterator<unknown>) {
    this.#what = what;
    this.#iterator = iterator;
  }

  /** @throws what the iterator throws; InvalidInput when it yields something other than bytes. */
  async next(): Promise<Uint8Array | undefined> {
    this.#isWaiting = true;
    const { done, value } = await this.#iterator.next();
    this.#isWaiting = false;
    if (done === true) return undefined;
    if (value instanceof Uint8Array) return value;
    throw new InvalidInput(`${this.#what} must yield bytes (Uint8Array), not ${kindOf(value)}`);
  }

  async close(): Promise<void> {
    const closing = Promise.resolve(this.#iterator.return?.());
    // A generator closes only after what it waits for, which may never come: nobody waits for that, nor hears of it.
    if (this.#isWaiting) closing.catch(() => undefined);
    else await closing;
  }
}

/** Streams of other packages than Node's own have the same methods. */
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

/** A stream of the web refuses a second reader. */
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
