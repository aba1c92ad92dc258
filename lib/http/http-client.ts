import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios, { isAxiosError } from 'axios';
import { asError, codeOf } from '../streams/index.js';
import { pemContent } from '../common/index.js';
import { ConnectionBroken } from './exceptions.js';

/** Which server certificates to trust. */
export interface TlsOptions {
  /** PEM certificates of the authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Whether to accept any certificate. Default: false. */
  readonly insecureSkipTlsVerify?: boolean | undefined;
}

/** An HTTP request. */
interface HttpRequest {
  readonly method: string;
  /** An absolute URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The caller owns a stream: a failed request does not destroy it, and the caller must notice when it stalls. */
  readonly body?: Buffer | Readable | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The head of an answer, and its unread body. The receiver must read or destroy the body. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

/** An HTTP client based on axios, with its own connection pool. */
export class HttpClient {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  /** @param keepAlive - whether to reuse connections. */
  constructor({ ca, insecureSkipTlsVerify = false }: TlsOptions, keepAlive: boolean) {
    this.#http = new HttpAgent({ keepAlive });
    this.#https = new HttpsAgent({
      keepAlive,
      rejectUnauthorized: !insecureSkipTlsVerify,
      ...(ca === undefined ? {} : { ca: pemContent(ca, 'the file of certificates') }),
    });
  }

  /**
   * Sends a request and returns once the head of the answer has arrived, whatever its status.
   *
   * @throws ConnectionBroken when the connection fails.
   * @throws the signal's reason when the signal aborts.
   */
  async send({ method, url, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    try {
      const response = await axios.request<unknown>({
        adapter: 'http',
        method,
        url,
        // Digests are computed over the stored bytes, but axios would ask for compressed ones.
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
        // No proxy: the environment's proxy may be meant for other programs. No redirects: they could carry credentials
        // to another server, and axios would buffer the body.
        proxy: false,
        maxRedirects: 0,
        maxBodyLength: Infinity,
        decompress: false,
        transformRequest: [],
        validateStatus: () => true,
      });
      const { data, status, headers: received } = response;
      if (!(data instanceof Readable)) throw new TypeError('axios returned no stream');
      // A stream that fails without an error listener ends the process. Its reader still receives the error.
      data.on('error', () => undefined);
      const header = (name: string): string | undefined => {
        const value: unknown = received[name.toLowerCase()];
        return typeof value === 'string' ? value : undefined;
      };
      return { status, header, body: data };
    } catch (error) {
      throw connectionError(error, signal);
    }
  }

  /** Destroys all connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** Error codes of failures before any byte was sent. */
const unsent: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
]);

/**
 * Converts an error of a connection to {@link ConnectionBroken}. Axios's own error never gets out: it holds the request
 * and its credentials.
 */
export function connectionError(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return asError(signal.reason);
  const code = codeOf(error);
  if (error instanceof ConnectionBroken || (!isAxiosError(error) && code === undefined))
    return asError(error);
  const { message } = asError(error);
  return new ConnectionBroken(message === '' ? (code ?? 'broken') : message, code, unsent.has(code));
}
