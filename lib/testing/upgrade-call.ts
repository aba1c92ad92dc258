import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Duplex, Writable } from 'node:stream';
import type { AnswerHead, Call } from './call.js';
import { aborted, chunksOf } from './chunks.js';

/**
 * A request for an upgraded connection. The server's parser has released the connection, so its answer, of any kind, is
 * written to the raw connection and is the last one on it.
 */
export class UpgradeCall implements Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly asksUpgrade = true;
  readonly body: Readable;
  readonly gone: AbortSignal;
  readonly #connection: Duplex;

  private constructor(request: IncomingMessage, connection: Duplex, body: Buffer) {
    const gone = new AbortController();
    this.method = request.method ?? 'GET';
    this.path = request.url ?? '/';
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.body = Readable.from(body.length > 0 ? [body] : []);
    this.gone = gone.signal;
    this.#connection = connection;
    connection.once('close', () => gone.abort());
    if (connection.destroyed) {
      gone.abort();
    }
  }

  /**
   * @param head - the bytes that the server has read after the request's headers.
   * @throws when the client disconnects before the end of the request's body.
   */
  static async from(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<UpgradeCall> {
    connection.on('error', () => connection.destroy());
    return new UpgradeCall(request, connection, await readBody(request, connection, head));
  }

  answer(head: AnswerHead): Writable {
    this.#writeHead(head, ['Connection: close']);
    this.#connection.once('finish', () => this.#connection.destroy());
    return this.#connection;
  }

  async finish(): Promise<boolean> {
    this.#connection.end();
    await aborted(this.gone);
    return this.#connection.writableFinished;
  }

  upgrade(head: AnswerHead): Duplex {
    this.#writeHead(head, ['Connection: Upgrade']);
    return this.#connection;
  }

  hangUp(): void {
    this.#connection.destroy();
  }

  #writeHead({ status, statusMessage, rawHeaders }: AnswerHead, lines: string[]): void {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      lines.push(`${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}`);
    }
    this.#connection.write(`HTTP/1.1 ${status} ${statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`);
  }
}

/**
 * Node up to 24.8 treats the body of an upgrade request as the beginning of the raw stream; later versions deliver it
 * with the request. Therefore: read the request first, then the missing bytes from the connection.
 */
async function readBody(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<Buffer> {
  const length = Number(request.headers['content-length'] ?? 0);
  const parts: Buffer[] = [];
  for await (const chunk of chunksOf(request)) {
    parts.push(chunk);
  }
  let missing = length - parts.reduce((sum, part) => sum + part.length, 0);
  connection.unshift(head);
  while (missing > 0) {
    const part: unknown = connection.read(Math.min(missing, Math.max(connection.readableLength, 1)));
    if (Buffer.isBuffer(part)) {
      parts.push(part);
      missing -= part.length;
    } else if (connection.readableEnded || connection.destroyed) {
      throw new Error('The client went away while it sent its request.');
    } else {
      const others = new AbortController();
      const next = (event: string): Promise<unknown> => once(connection, event, { signal: others.signal });
      await Promise.race(['readable', 'end', 'close'].map(next));
      others.abort();
    }
  }
  return Buffer.concat(parts);
}
