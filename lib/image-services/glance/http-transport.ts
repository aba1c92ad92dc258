import { Readable } from 'node:stream';
import { MiB } from '../../common/index.js';
import { LinkedAbort, readAll, readableOf, TooLarge, type ByteSource } from '../../streams/index.js';
import {
  connectionError,
  ConnectionBroken,
  HttpClient,
  type HttpAnswer,
  type TlsOptions,
} from '../../http/index.js';
import { DataResponse } from './data-response.js';
import { ImageServiceProtocolError } from './exceptions.js';

/** Maximum bytes of an answer that is read into memory: a page of images, a catalogue, an error. */
const maxContentBytes = 64 * MiB;

/** The head of an answer with a possibly large, unread body. The receiver must read or close the body. */
export interface DataAnswer extends Omit<HttpAnswer, 'body'> {
  readonly body: ByteSource;
}

/** An HTTP client that can also stream large data. Knows nothing of images and tokens. */
export class HttpTransport extends HttpClient {
  readonly #tls: TlsOptions;
  /** The abort controllers of the running downloads. */
  readonly #downloads = new Set<LinkedAbort>();

  /** @param keepAlive - whether to reuse connections; downloads never do. */
  constructor(tls: TlsOptions, keepAlive: boolean) {
    super(tls, keepAlive);
    this.#tls = tls;
  }

  /**
   * Requests possibly large data on its own connection, see {@link DataResponse}.
   *
   * @param signal - aborts the exchange, also while the body is read.
   * @throws ConnectionBroken when the connection fails.
   * @throws ImageServiceProtocolError when the answer is not HTTP.
   * @throws the signal's reason when the signal aborts.
   */
  async download(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<DataAnswer> {
    const ending = new LinkedAbort(signal);
    const forget = (): void => {
      this.#downloads.delete(ending);
      ending.unlink();
    };
    this.#downloads.add(ending);
    try {
      const query = { url, headers, tls: this.#tls, signal: ending.signal, onClose: forget };
      const response = await DataResponse.to(query);
      return { status: response.status, header: (name) => response.header(name), body: response };
    } catch (error) {
      forget();
      throw connectionError(error, signal);
    }
  }

  override close(): void {
    const reason = new ConnectionBroken('the client was closed', undefined, false);
    for (const download of this.#downloads) download.abort(reason);
    super.close();
  }
}

/**
 * Reads the body of an answer into memory.
 *
 * @throws ConnectionBroken when the connection fails.
 * @throws ImageServiceProtocolError when the body is too large.
 * @throws the signal's reason when the signal aborts.
 */
export async function readContent(answer: HttpAnswer | DataAnswer, signal: AbortSignal): Promise<Buffer> {
  const body = answer.body instanceof Readable ? answer.body : readableOf(answer.body);
  try {
    return await readAll(body, maxContentBytes);
  } catch (error) {
    if (error instanceof TooLarge) throw new ImageServiceProtocolError(`an answer of ${error.message}`);
    throw connectionError(error, signal);
  } finally {
    body.destroy();
  }
}
