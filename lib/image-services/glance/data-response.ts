import type { ByteSource } from '../../streams/index.js';
import { ConnectionBroken, type TlsOptions } from '../../http/index.js';
import { DataSocket } from './data-socket.js';
import { ImageServiceProtocolError } from './exceptions.js';

/** A GET request. */
interface DataQuery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Aborts the exchange, also while the body is read. */
  readonly signal: AbortSignal;
  /** Called once, when the connection is closed. */
  readonly onClose: () => void;
}

/** Maximum bytes in the head of an answer, and in a line between two chunks. */
const headLimit = 64 * 1024;
const lineLimit = 4 * 1024;

/**
 * The answer to a GET on its own connection. Reads the body without allocating memory for each piece. Node's HTTP
 * client allocates two buffers per piece: at a gigabyte, a process with a small heap then spends more time on garbage
 * collection than on all other work, including hashing.
 */
export class DataResponse implements ByteSource {
  readonly reusesBuffer = true;
  readonly #socket: DataSocket;
  /** Received bytes that were not read yet. */
  #arrived: Uint8Array = new Uint8Array();
  #status = 0;
  #headers: ReadonlyMap<string, string> = new Map();
  #framing: Framing = 'until the end';
  /** Remaining bytes of the body, or of the current chunk. */
  #left = 0;
  /** Whether the line end after a chunk must still be read. */
  #isAfterChunk = false;

  private constructor({ url, headers, tls, signal, onClose }: DataQuery) {
    const target = new URL(url);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `GET ${target.pathname}${target.search} HTTP/1.1\r\nHost: ${target.host}\r\nConnection: close\r\n${lines.join('')}\r\n`;
    if (!lines.every((line) => soundHeader.test(line)))
      throw new ImageServiceProtocolError('a header that cannot be sent');
    this.#socket = new DataSocket(target, tls, { request, signal, onClose });
  }

  /**
   * Sends the request and returns once the head of the answer has arrived, whatever its status. The receiver must close
   * the response.
   *
   * @throws ImageServiceProtocolError when the answer is not HTTP.
   * @throws the signal's reason when the signal aborts. Errors of the connection are passed on.
   */
  static async to(query: DataQuery): Promise<DataResponse> {
    const response = new DataResponse(query);
    try {
      do await response.#readHead();
      while (response.status < 200);
      return response;
    } catch (error) {
      response.close();
      throw error;
    }
  }

  get status(): number {
    return this.#status;
  }

  /**
   * Returns a header's value.
   *
   * @param name - in lower case.
   */
  header(name: string): string | undefined {
    return this.#headers.get(name);
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#framing === 'chunked' && this.#left === 0) await this.#nextChunk();
    if (this.#left === 0) return undefined;
    if (!(await this.#fill())) {
      if (this.#framing === 'until the end') return undefined;
      throw broken('in the body of an answer');
    }
    const bytes = this.#take(this.#left);
    this.#left -= bytes.length;
    if (this.#framing === 'chunked' && this.#left === 0) this.#isAfterChunk = true;
    return bytes;
  }

  close(): void {
    this.#socket.close();
  }

  async #nextChunk(): Promise<void> {
    if (this.#isAfterChunk && (await this.#line(lineLimit)) !== '') throw garbled('a chunk without an end');
    this.#isAfterChunk = false;
    const size = /^(?<size>[\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(await this.#line(lineLimit))?.groups?.[
      'size'
    ];
    if (size === undefined) throw garbled('a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    if (this.#left > 0) return;
    this.#framing = 'read';
    while ((await this.#line(lineLimit)) !== '');
  }

  async #readHead(): Promise<void> {
    const status = /^HTTP\/1\.[01] (?<status>[1-9]\d\d)(?: |$)/.exec(await this.#line(headLimit))?.groups?.[
      'status'
    ];
    if (status === undefined) throw garbled('an answer that is not HTTP');
    const headers = new Map<string, string>();
    let room = headLimit;
    for (let line = await this.#line(room); line !== ''; line = await this.#line(room)) {
      room -= line.length;
      const { name, value } = /^(?<name>[^\s:]+):[ \t]*(?<value>.*?)[ \t]*$/.exec(line)?.groups ?? {};
      if (name === undefined || value === undefined) throw garbled('a malformed header');
      headers.set(name.toLowerCase(), value);
    }
    this.#status = Number(status);
    this.#headers = headers;
    this.#frame();
  }

  /** Determines the length of the body, see RFC 9112, section 6.3. */
  #frame(): void {
    const coding = this.#headers.get('transfer-encoding');
    const length = this.#headers.get('content-length');
    if (this.#status < 200 || this.#status === 204 || this.#status === 304) {
      this.#framing = 'read';
      this.#left = 0;
    } else if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked')
        throw garbled(`an answer with the transfer coding ${coding}: only chunked is supported`);
      this.#framing = 'chunked';
      this.#left = 0;
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw garbled('an answer with a malformed Content-Length');
      this.#framing = 'counted';
      this.#left = Number(length);
    } else {
      this.#framing = 'until the end';
      this.#left = Infinity;
    }
  }

  /** Reads the next line and removes its line end. */
  async #line(limit: number): Promise<string> {
    for (let line = ''; ;) {
      if (!(await this.#fill())) throw broken('before the end of an answer');
      const end = this.#arrived.indexOf(lineFeed);
      const bytes = this.#take(end === -1 ? Infinity : end + 1);
      line += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      if (line.length > limit) throw garbled(`a line of more than ${limit} bytes`);
      if (line.endsWith('\n')) return line.replace(/\r?\n$/, '');
    }
  }

  /**
   * Waits for unread bytes.
   *
   * @returns false at the end of the connection.
   */
  async #fill(): Promise<boolean> {
    while (this.#arrived.length === 0) {
      const arrived = await this.#socket.next();
      if (arrived === undefined) return false;
      this.#arrived = arrived;
    }
    return true;
  }

  /** Takes at most `most` of the received bytes. */
  #take(most: number): Uint8Array {
    const bytes = this.#arrived.subarray(0, most);
    this.#arrived = this.#arrived.subarray(bytes.length);
    return bytes;
  }
}

/** How the end of a body is detected. */
type Framing = 'counted' | 'chunked' | 'until the end' | 'read';

const lineFeed = 0x0a;
/**
 * The characters allowed in a header line: none that ends the line, also after encoding as latin1, which turns U+010A
 * into a line feed. Otherwise a caller could inject headers.
 */
const soundHeader = /^[\t\x20-\x7e\x80-\xff]*\r\n$/;

const garbled = (what: string): ImageServiceProtocolError =>
  new ImageServiceProtocolError(`The image service sent ${what}.`);

const broken = (where: string): ConnectionBroken =>
  new ConnectionBroken(`the connection ended ${where}`, 'ECONNRESET', false);
