import { once, setMaxListeners } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../../../interfaces/index.js';
import { asBytes, Deadline, raceSignal, withDeadline } from '../../streams/index.js';
import { RegistryError } from './registry-error.js';
import { type Answer, RegistryRequest } from './request.js';

/** Milliseconds that running requests have to end when the server closes: an image service needs some to roll back. */
const closingTimeoutMs = 15_000;

/** Sockets take memory before anybody has logged in. */
const maxConnections = 1000;

/** Settings of a {@link RegistryServer}. */
interface ServerSettings {
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** The longest silence of a client, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly logger: Logger;
  /** Answers a request. An error breaks the connection off. */
  readonly handle: (request: RegistryRequest) => Promise<Answer>;
}

/** The HTTP server of the registry. Knows nothing of images. */
export class RegistryServer {
  readonly #settings: ServerSettings;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    const listener = (message: IncomingMessage, response: ServerResponse): void => {
      const running = this.#serve(message, response).finally(() => this.#running.delete(running));
      this.#running.add(running);
    };
    this.#server =
      settings.tls === undefined ? createHttpServer(listener) : createHttpsServer(settings.tls, listener);
    // Node ends a request after 5 minutes by default. An upload may take longer; `idleTimeoutMs` applies instead.
    this.#server.requestTimeout = 0;
    this.#server.maxConnections = maxConnections;
    setMaxListeners(0, this.#closing.signal);
  }

  /**
   * Listens.
   *
   * @returns the port.
   * @throws Node's error when the address cannot be used: EADDRINUSE, EACCES, …
   */
  async listen(address: string, port: number): Promise<number> {
    this.#server.listen(port, address);
    await once(this.#server, 'listening');
    this.#server.on('error', (error) =>
      this.#settings.logger.warn('The registry could not accept a connection', { error }),
    );
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : port;
  }

  /** Aborts running requests, closes all connections, and waits for the requests to roll back. */
  async close(): Promise<void> {
    this.#closing.abort(new RegistryError('UNAVAILABLE', 'The registry is closing.'));
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    try {
      await withDeadline('the end of the running requests', closingTimeoutMs, undefined, (signal) =>
        raceSignal(Promise.allSettled(this.#running), signal),
      );
    } catch (error) {
      this.#settings.logger.warn('The registry closes while requests are running', { error });
    }
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { idleTimeoutMs, logger, handle, tls } = this.#settings;
    const gone = new AbortController();
    const onClose = (): void => gone.abort(new RegistryError('UNAVAILABLE', 'The client disconnected.'));
    response.once('close', onClose);
    // Reads and writes report a broken connection, too. Without a listener the error event would end the process.
    message.on('error', () => undefined);
    response.on('error', () => undefined);
    const abort = (): void => gone.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', abort, { once: true });
    const named = `${message.method ?? ''} ${(message.url ?? '').replace(/\?.*/, '')}`;
    try {
      const origin = `${tls === undefined ? 'http' : 'https'}://${message.headers.host ?? 'localhost'}`;
      const answer = await handle(new RegistryRequest(message, origin, gone.signal, idleTimeoutMs));
      // A client that is still sending a refused body must not be read to the end.
      if (!message.complete) response.setHeader('Connection', 'close');
      await send(response, answer, idleTimeoutMs, message.method === 'HEAD');
    } catch (error) {
      // The head of the answer may be sent: only a broken connection can tell the client.
      logger.warn(`The registry broke off an answer: ${named}`, { error });
      response.destroy();
    } finally {
      this.#closing.signal.removeEventListener('abort', abort);
      response.off('close', onClose);
    }
  }
}

async function send(
  response: ServerResponse,
  { status, headers, body }: Answer,
  idleTimeoutMs: number,
  isHead: boolean,
): Promise<void> {
  const length = body instanceof Readable ? {} : { 'Content-Length': body?.length ?? 0 };
  response.writeHead(status, { 'Docker-Distribution-API-Version': 'registry/2.0', ...length, ...headers });
  if (isHead) response.end();
  else if (body instanceof Readable) await sendStream(response, body, idleTimeoutMs);
  else response.end(body);
}

/**
 * Sends a stream. A client that does not read for `idleTimeoutMs` loses its connection. The last chunk waits for the end
 * of the stream: the client must not get all bytes of a blob whose digest turns out to be wrong.
 */
async function sendStream(response: ServerResponse, body: Readable, idleTimeoutMs: number): Promise<void> {
  const deadline = new Deadline('the client that reads a blob', idleTimeoutMs);
  async function* delayed(source: Readable): AsyncGenerator<Buffer, void, void> {
    let last: Buffer | undefined;
    for await (const chunk of source) {
      deadline.touch();
      if (last !== undefined) yield last;
      last = asBytes(chunk);
    }
    if (last !== undefined) yield last;
  }
  try {
    await pipeline(body, delayed, response, { signal: deadline.signal });
  } finally {
    deadline.clear();
    body.destroy();
  }
}
