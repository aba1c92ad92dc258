import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios, { isAxiosError } from 'axios';
import { asError, codeOf } from '../streams/index.js';
import { pemContent } from '../common/index.js';
import { ConnectionBroken } from './exceptions.js';

/** How to trust a server. */
export interface TlsOptions {
  /** Certificates, in PEM, of authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Whether any certificate will do. */
  readonly insecure?: boolean | undefined;
}

/** What to send. */
interface HttpRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is not destroyed when the request fails: it belongs to the caller, who also watches that it goes on. */
  readonly body?: Buffer | Readable | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The head of an answer, with its body still to be read. The receiver must read or destroy the body. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

/** HTTP through axios, with its own connections. */
export class HttpClient {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  /** @param keepAlive - whether connections are used again. */
  constructor({ ca, insecure = false }: TlsOptions, keepAlive: boolean) {
    this.#http = new HttpAgent({ keepAlive });
    this.#https = new HttpsAgent({
      keepAlive,
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca: pemContent(ca, 'the file of certificates') }),
    });
  }

  /**
   * Sends a request, and returns when the head of the answer is there, whatever its status.
   *
   * @throws ConnectionBroken; the signal's reason when that aborts.
   */
  async send({ method, url, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    try {
      const response = await axios.request<unknown>({
        adapter: 'http',
        method,
        url,
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
        // A proxy of the environment may be meant for others. A redirect could carry credentials elsewhere, and would
        // buffer the body.
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
      return { status, header, body: data };
    } catch (error) {
      throw connectionError(error, signal);
    }
  }

  /** Breaks all connections off. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** The codes of failures before anything was sent. */
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
 * What a failure of a connection is to those above: never axios's error itself, which holds the request with its
 * credentials.
 */
export function connectionError(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return asError(signal.reason);
  const code = codeOf(error);
  if (error instanceof ConnectionBroken || (!isAxiosError(error) && code === undefined))
    return asError(error);
  const { message } = asError(error);
  return new ConnectionBroken(message === '' ? (code ?? 'broken') : message, code, unsent.has(code));
}
