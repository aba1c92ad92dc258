import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios, { AxiosHeaders, isAxiosError } from 'axios';
import { asError, codeOf, readAll, readableOf, TooLarge, type ByteSource } from '../../streams/index.js';
import { DataResponse } from './data-response.js';
import { ConnectionBroken, ImageServiceProtocolError } from './exceptions.js';

/** Bytes that an answer may have which is read into memory: a page of images, a catalogue, an error. */
const CONTENT_LIMIT = 64 * 1024 * 1024;

/** What to send. */
export interface Outgoing {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is not destroyed when the request fails: it belongs to the caller. */
  readonly body?: Buffer | Readable | undefined;
  readonly signal: AbortSignal;
}

/** How to trust a server. */
export interface TlsOptions {
  /** Certificates, in PEM, of authorities to trust instead of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Whether any certificate will do. */
  readonly insecure?: boolean | undefined;
}

/** The head of an answer, with its body still to be read. The receiver must read or destroy the body. */
export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

/** The same for data that may be large. */
export interface DataAnswer extends Omit<Answer, 'body'> {
  readonly body: ByteSource;
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

/** HTTP through axios, with its own connections. Knows nothing of images and tokens. */
export class HttpTransport {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #tls: TlsOptions;
  /** What breaks off each download that is under way. */
  readonly #downloads = new Set<AbortController>();

  /** @param keepAlive - whether connections are used again. */
  constructor(tls: TlsOptions, keepAlive: boolean) {
    const { ca, insecure = false } = tls;
    this.#tls = tls;
    this.#http = new HttpAgent({ keepAlive });
    this.#https = new HttpsAgent({
      keepAlive,
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /**
   * Sends a request, and returns when the head of the answer is there, whatever its status.
   *
   * @throws ConnectionBroken; the signal's reason when that aborts.
   */
  async send({ method, url, headers, body, signal }: Outgoing): Promise<Answer> {
    try {
      const response = await axios.request<unknown>({
        adapter: 'http',
        method,
        url,
        // A hash is one of the bytes as they are stored, and axios would ask for compressed ones.
        headers: { 'Accept-Encoding': 'identity', ...headers },
        data: body,
        signal,
        responseType: 'stream',
        httpAgent: this.#http,
        httpsAgent: this.#https,
        // A proxy of the environment is for the internet. A redirect could carry the token elsewhere and would buffer the body.
        proxy: false,
        maxRedirects: 0,
        decompress: false,
        validateStatus: () => true,
      });
      const received = AxiosHeaders.from(response.headers instanceof AxiosHeaders ? response.headers : {});
      const header = (name: string): string | undefined => {
        const value = received.get(name);
        return typeof value === 'string' ? value : undefined;
      };
      if (!(response.data instanceof Readable))
        throw new ImageServiceProtocolError('an answer without a body');
      return { status: response.status, header, body: response.data };
    } catch (error) {
      throw connectionError(error, signal);
    }
  }

  /**
   * Asks for data that may be large, over a connection of its own, see {@link DataResponse}.
   *
   * @param signal - ends the exchange, and the answer's body after it.
   * @throws ConnectionBroken; ImageServiceProtocolError when what answers does not speak HTTP; the signal's reason when that aborts.
   */
  async download(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<DataAnswer> {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal.reason);
    const forget = (): void => {
      this.#downloads.delete(controller);
      signal.removeEventListener('abort', onAbort);
    };
    this.#downloads.add(controller);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      const query = { url, headers, tls: this.#tls, signal: controller.signal, onClose: forget };
      const response = await DataResponse.to(query);
      return { status: response.status, header: (name) => response.header(name), body: response };
    } catch (error) {
      forget();
      throw connectionError(error, signal);
    }
  }

  /** Breaks all connections off. */
  close(): void {
    const reason = new ConnectionBroken('the client was closed', undefined, false);
    for (const download of this.#downloads) download.abort(reason);
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** What a failure of a connection is to those above: never axios's error itself, which holds the request with its token. */
export function connectionError(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return asError(signal.reason);
  const code = codeOf(error);
  if (error instanceof ConnectionBroken || (!isAxiosError(error) && code === undefined))
    return asError(error);
  const { message } = asError(error);
  return new ConnectionBroken(message === '' ? (code ?? 'broken') : message, code, unsent.has(code));
}

/**
 * Reads the body of an answer into memory.
 *
 * @throws ConnectionBroken; ImageServiceProtocolError when it is too large; the signal's reason when that aborts.
 */
export async function readContent(answer: Answer | DataAnswer, signal: AbortSignal): Promise<Buffer> {
  const body = answer.body instanceof Readable ? answer.body : readableOf(answer.body);
  try {
    return await readAll(body, CONTENT_LIMIT);
  } catch (error) {
    if (error instanceof TooLarge) throw new ImageServiceProtocolError(`an answer of ${error.message}`);
    throw connectionError(error, signal);
  } finally {
    body.destroy();
  }
}
