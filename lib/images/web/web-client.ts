import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios, { isAxiosError } from 'axios';
import { asError, withDeadline } from '../../streams/index.js';
import { ImageSourceError } from './exceptions.js';
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

/** The head of an answer, with its body still to be read. The receiver must read or destroy the body. */
export interface WebAnswer {
  readonly status: number;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

/** HTTP through axios, with its own connections, with servers that may be asked. Follows no redirect. */
export class WebClient {
  readonly idle: number;
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https: HttpsAgent;
  readonly #mayFetch: (url: URL) => boolean | Promise<boolean>;

  constructor({ ca, idle, mayFetch = (): boolean => true }: WebClientOptions) {
    this.idle = idle;
    this.#mayFetch = mayFetch;
    this.#https = new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  }

  /**
   * Sends a request, and returns when the head of the answer is there, whatever its status.
   *
   * @throws ImageSourceError when the address may not be asked, or the server is not reached; DeadlineExceeded; the signal's reason when that aborts.
   */
  async send(request: WebRequest): Promise<WebAnswer> {
    // A copy: whoever is asked cannot change what is sent.
    if (!(await this.#mayFetch(new URL(request.url))))
      throw new ImageSourceError(`${shownUrl(request.url)} may not be fetched`);
    // While a stream flows to the server, its sender's silence is not the server's.
    if (request.body instanceof Readable) return await this.#send(request, request.signal);
    const what = `the answer of ${shownUrl(request.url)}`;
    return await withDeadline(what, this.idle, request.signal, (signal) => this.#send(request, signal));
  }

  /** Breaks all connections off. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #send(
    { method, url, headers = {}, body }: WebRequest,
    signal: AbortSignal | undefined,
  ): Promise<WebAnswer> {
    try {
      const response = await axios.request<unknown>({
        adapter: 'http',
        method,
        url: url.href,
        // Digests are of the bytes as they are stored, and axios would ask for compressed ones.
        headers: {
          'Accept-Encoding': 'identity',
          'User-Agent': 'nova-docker-driver',
          'Content-Type': false,
          ...headers,
        },
        data: body,
        ...(signal === undefined ? {} : { signal }),
        responseType: 'stream',
        httpAgent: this.#http,
        httpsAgent: this.#https,
        proxy: false,
        maxRedirects: 0,
        maxBodyLength: Infinity,
        decompress: false,
        transformRequest: [],
        validateStatus: () => true,
      });
      const { data, status, headers: received } = response;
      if (!(data instanceof Readable)) throw new TypeError('axios gave no stream');
      // It may break before anybody reads it; whoever does is told as well.
      data.on('error', () => undefined);
      const header = (name: string): string | undefined => {
        const value: unknown = received[name.toLowerCase()];
        return typeof value === 'string' ? value : undefined;
      };
      return { status, url, header, body: data };
    } catch (error) {
      signal?.throwIfAborted();
      // Never axios's own error: it holds the request with its credentials.
      const cause = isAxiosError(error) ? error.cause : error;
      const why = asError(cause ?? error).message;
      throw new ImageSourceError(`${method} ${shownUrl(url)}: ${why}`, cause === undefined ? {} : { cause });
    }
  }
}
