import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { asBytes, Deadline, raceSignal, readAll, TooLarge, withDeadline } from '../../streams/index.js';
import { RegistryError } from './registry-error.js';

/** Milliseconds for a whole small body: a client that sends a byte now and then is never silent. */
const maxWholeBodyMs = 5 * 60_000;

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** A stream is read to its end or destroyed. */
  readonly body?: Buffer | Readable;
}

/** A request of a registry's client. */
export class RegistryRequest {
  readonly method: string;
  readonly url: URL;
  /** Aborts when the client disconnects, or the registry closes. */
  readonly signal: AbortSignal;
  readonly #message: IncomingMessage;
  readonly #idleTimeoutMs: number;

  /** @param idleTimeoutMs - the longest silence of the client while it sends a body. */
  constructor(message: IncomingMessage, origin: string, signal: AbortSignal, idleTimeoutMs: number) {
    this.method = message.method ?? 'GET';
    this.url = urlOf(message.url ?? '/', origin);
    this.signal = signal;
    this.#message = message;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Returns a header; undefined when it is missing. */
  header(name: string): string | undefined {
    const value = this.#message.headers[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Returns a parameter of the query; undefined when it is missing. */
  query(name: string): string | undefined {
    return this.url.searchParams.get(name) ?? undefined;
  }

  /**
   * Yields the body as it arrives.
   *
   * @throws RegistryError when the client is silent for too long.
   */
  async *body(): AsyncGenerator<Buffer, void, void> {
    const what = 'the body of the request';
    const deadline = new Deadline(what, this.#idleTimeoutMs, this.signal);
    const onAbort = (): void => void this.#message.destroy();
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    try {
      for await (const chunk of this.#message) {
        // The registry is not waiting for the client while it stores a chunk.
        deadline.pause();
        yield asBytes(chunk);
        deadline.restart(what, this.#idleTimeoutMs);
      }
      deadline.signal.throwIfAborted();
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'The body of the request broke off.', { cause: error });
    } finally {
      deadline.signal.removeEventListener('abort', onAbort);
      deadline.clear();
    }
  }

  /** @throws RegistryError when the body is larger than `maxBytes`. */
  async wholeBody(maxBytes: number): Promise<Buffer> {
    try {
      return await withDeadline('the body of a small request', maxWholeBodyMs, this.signal, (signal) =>
        raceSignal(readAll(this.body(), maxBytes), signal),
      );
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      throw new RegistryError('SIZE_INVALID', `The body is larger than the ${maxBytes} bytes allowed.`, {
        cause: error,
      });
    }
  }
}

function urlOf(path: string, origin: string): URL {
  if (!path.startsWith('/') || !URL.canParse(`${origin}${path}`))
    throw new RegistryError('NAME_INVALID', 'The path of the request is malformed.');
  return new URL(`${origin}${path}`);
}
