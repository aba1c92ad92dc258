import { Readable } from 'node:stream';
import { unlessAborted, withDeadline } from '../streams/index.js';
import { ConnectionBroken, ImageSourceError } from './exceptions.js';
import { HttpClient, type HttpAnswer } from './http-client.js';
import { shownUrl } from './urls.js';

/** How to talk to servers. */
interface WebClientOptions {
  /** Certificates, in PEM, of authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Milliseconds until an answer begins, and the longest silence within it. */
  readonly idle: number;
  /** Which addresses may be asked; default: all. It sees what is written there, and not what a name resolves to. */
  readonly mayFetch?: ((url: URL) => boolean | Promise<boolean>) | undefined;
}

/** What to send. */
export interface WebRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is not destroyed when the request fails: it belongs to the caller, who also watches that it goes on. */
  readonly body?: Buffer | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The head of an answer, and who gave it. The receiver must read or destroy the body. */
export interface WebAnswer extends HttpAnswer {
  readonly url: URL;
}

/** Asks servers that nobody vouches for: those that may be asked, and only for so long. Follows no redirect. */
export class WebClient {
  readonly idle: number;
  readonly #client: HttpClient;
  readonly #mayFetch: (url: URL) => boolean | Promise<boolean>;

  constructor({ ca, idle, mayFetch = (): boolean => true }: WebClientOptions) {
    this.idle = idle;
    this.#mayFetch = mayFetch;
    this.#client = new HttpClient({ ca }, true);
  }

  /**
   * Sends a request, and returns when the head of the answer is there, whatever its status.
   *
   * @throws ImageSourceError when the address may not be asked, or the server is not reached; DeadlineExceeded, also
   * when `mayFetch` gives no answer; what `mayFetch` fails with; the signal's reason when that aborts.
   */
  async send(request: WebRequest): Promise<WebAnswer> {
    await this.#mustBeAllowed(request);
    // While a stream flows to the server, its sender's silence is not the server's.
    if (request.body instanceof Readable) return await this.#send(request, request.signal);
    const what = `the answer of ${shownUrl(request.url)}`;
    return await withDeadline(what, this.idle, request.signal, (signal) => this.#send(request, signal));
  }

  /** Breaks all connections off. */
  close(): void {
    this.#client.close();
  }

  async #mustBeAllowed({ url, signal }: WebRequest): Promise<void> {
    const what = `the answer to whether ${shownUrl(url)} may be fetched`;
    // A copy: whoever is asked cannot change what is sent.
    const asked = async (): Promise<unknown> => await this.#mayFetch(new URL(url));
    const answer = await withDeadline(what, this.idle, signal, (within) => unlessAborted(asked(), within));
    // Not whatever is true to JavaScript: it comes from outside.
    if (answer !== true) throw new ImageSourceError(`${shownUrl(url)} may not be fetched`);
  }

  async #send(
    { method, url, headers = {}, body }: WebRequest,
    signal: AbortSignal | undefined,
  ): Promise<WebAnswer> {
    try {
      return { url, ...(await this.#client.send({ method, url: url.href, headers, body, signal })) };
    } catch (cause) {
      if (!(cause instanceof ConnectionBroken)) throw cause;
      throw new ImageSourceError(`${method} ${shownUrl(url)}: ${cause.message}`, { cause });
    }
  }
}
