import { Readable } from 'node:stream';
import { raceSignal, withDeadline } from '../streams/index.js';
import { ConnectionBroken, ImageSourceError } from './exceptions.js';
import { HttpClient, type HttpAnswer } from './http-client.js';
import { shownUrl } from './urls.js';

/** Options of {@link WebClient}. */
interface WebClientOptions {
  /** PEM certificates of the authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Milliseconds to wait for the head of an answer, and the longest silence within its body. */
  readonly idle: number;
  /**
   * Decides which URLs may be fetched. Default: all. It receives the URL, not the addresses that its host resolves to.
   */
  readonly mayFetch?: ((url: URL) => boolean | Promise<boolean>) | undefined;
}

/** An HTTP request. */
export interface WebRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller owns a stream: a failed request does not destroy it, and the caller must notice when it stalls. */
  readonly body?: Buffer | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The head of an answer and the URL that it came from. The receiver must read or destroy the body. */
export interface WebAnswer extends HttpAnswer {
  readonly url: URL;
}

/**
 * An HTTP client for untrusted servers: checks every URL with `mayFetch` and applies a timeout. Follows no redirects.
 */
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
   * Sends a request and returns once the head of the answer has arrived, whatever its status.
   *
   * @throws ImageSourceError when the URL may not be fetched or the connection fails.
   * @throws DeadlineExceeded when the server or `mayFetch` does not answer in time.
   * @throws the signal's reason when the signal aborts. Errors of `mayFetch` are passed on.
   */
  async send(request: WebRequest): Promise<WebAnswer> {
    await this.#validateAllowed(request);
    // While a stream flows to the server, a silent sender is not a silent server: no deadline here.
    if (request.body instanceof Readable) return await this.#send(request, request.signal);
    const what = `the answer of ${shownUrl(request.url)}`;
    return await withDeadline(what, this.idle, request.signal, (signal) => this.#send(request, signal));
  }

  /** Destroys all connections. */
  close(): void {
    this.#client.close();
  }

  async #validateAllowed({ url, signal }: WebRequest): Promise<void> {
    const what = `the mayFetch callback for ${shownUrl(url)}`;
    // A copy, so that `mayFetch` cannot change the URL of the request.
    const asked = async (): Promise<unknown> => await this.#mayFetch(new URL(url));
    const answer = await withDeadline(what, this.idle, signal, (within) => raceSignal(asked(), within));
    // Compares with `true`: caller code may return another truthy value.
    if (answer !== true)
      throw new ImageSourceError(
        `${shownUrl(url)} may not be fetched: the mayFetch callback does not allow it`,
      );
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
