import { Readable } from 'node:stream';
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

/** Bytes that an answer may have which is read into memory: a page of images, a catalogue, an error. */
const longestContent = 64 * 1024 * 1024;

/** The head of an answer, with data still to be read that may be large. The receiver must read or close it. */
export interface DataAnswer extends Omit<HttpAnswer, 'body'> {
  readonly body: ByteSource;
}

/** HTTP, also for data that may be large. Knows nothing of images and tokens. */
export class HttpTransport extends HttpClient {
  readonly #tls: TlsOptions;
  /** What breaks off each download that is under way. */
  readonly #downloads = new Set<LinkedAbort>();

  /** @param keepAlive - whether connections are used again; those of downloads never are. */
  constructor(tls: TlsOptions, keepAlive: boolean) {
    super(tls, keepAlive);
    this.#tls = tls;
  }

  /**
   * Asks for data that may be large, over a connection of its own, see {@link DataResponse}.
   *
   * @param signal - ends the exchange, and the answer's body after it.
   * @throws ConnectionBroken; ImageServiceProtocolError when what answers does not speak HTTP; the signal's reason when
   * that aborts.
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
 * @throws ConnectionBroken; ImageServiceProtocolError when it is too large; the signal's reason when that aborts.
 */
export async function readContent(answer: HttpAnswer | DataAnswer, signal: AbortSignal): Promise<Buffer> {
  const body = answer.body instanceof Readable ? answer.body : readableOf(answer.body);
  try {
    return await readAll(body, longestContent);
  } catch (error) {
    if (error instanceof TooLarge) throw new ImageServiceProtocolError(`an answer of ${error.message}`);
    throw connectionError(error, signal);
  } finally {
    body.destroy();
  }
}
