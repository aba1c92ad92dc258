import { asError, codeOf, destroyOnAbort, LinkedAbort } from '../streams/index.js';
import { Readable } from 'node:stream';
import {
  Agent as PlainAgent,
  ClientRequest,
  request as plainRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

import axios, { type AxiosError, type AxiosInstance } from 'axios';

import type { EngineAddress } from './address.js';
import { EngineProtocolError, EngineUnreachable, described, type RequestDescription } from './errors.js';
import { sendBody, type RequestBody } from './send-body.js';

/** An HTTP request. */
export interface Exchange {
  readonly method: 'HEAD' | 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, encoded. */
  readonly target: string;
  /** In addition to the common headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or a tar stream, which its owner must destroy in any case. */
  readonly body: string | RequestBody | undefined;
  /** For error messages. */
  readonly description: RequestDescription;
}

/**
 * An HTTP response. The body must be read to its end or destroyed, because it holds a connection. With status 101 it is
 * a Duplex: the connection itself.
 */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** The raw `X-Docker-Container-Path-Stat` header of an archive. */
  readonly pathStat?: string | undefined;
  readonly body: Readable;
}

type Agent = PlainAgent | TlsAgent;

/** The connections to an engine: a pool for ordinary requests, and a separate connection for each upgraded stream. */
export class Transport {
  readonly #address: EngineAddress;
  readonly #client: AxiosInstance;
  readonly #pool: Agent;
  /** Callbacks that abort each pending exchange and stream. */
  readonly #open = new Set<() => void>();
  #closed = false;

  constructor(address: EngineAddress) {
    this.#address = address;
    this.#pool = agent(address, true);
    this.#client = axios.create({
      adapter: 'http',
      ...('socketPath' in address
        ? { socketPath: address.socketPath, baseURL: 'http://localhost' }
        : { baseURL: origin(address) }),
      // Answers are streams, limited by their readers; uploads are unlimited.
      responseType: 'stream',
      decompress: false,
      maxContentLength: -1,
      maxBodyLength: -1,
      maxRedirects: 0,
      // Engine connections bypass the proxy of HTTP_PROXY.
      proxy: false,
      // axios would measure wall-clock time, uploads included; the callers' signals measure silence.
      timeout: 0,
      transformRequest: [],
      transformResponse: [],
      validateStatus: null,
      headers: commonHeaders,
    });
  }

  /**
   * Sends a request and waits for the beginning of its answer. A GET or HEAD that fails because the engine just closed
   * the kept-alive connection is retried once, on a new connection.
   *
   * @param signal - aborts the exchange and, later, the answer's body.
   * @throws EngineUnreachable when the connection fails; EngineProtocolError when the answer is not HTTP; the signal's
   * reason when that aborts.
   */
  async exchange(exchange: Exchange, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.#attempt(exchange, signal, this.#pool);
    } catch (error) {
      if (!onlyReads(exchange) || !wasStale(error)) throw this.#named(error, exchange, signal);
    }
    try {
      return await this.#attempt(exchange, signal, agent(this.#address, false));
    } catch (error) {
      throw this.#named(error, exchange, signal);
    }
  }

  /**
   * Sends a request that upgrades its connection to a bidirectional stream. Not through axios, which would wait for a
   * response forever.
   *
   * @param signal - aborts the exchange and, later, the stream.
   * @returns status 101 with the connection as body, or the engine's other answer.
   * @throws EngineUnreachable when the connection fails; EngineProtocolError when the answer is not HTTP; the signal's
   * reason when that aborts.
   */
  async upgrade(exchange: Exchange, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.#guarded(signal, (cancel) => this.#upgraded(exchange, signal, cancel));
    } catch (error) {
      throw this.#named(error, exchange, signal);
    }
  }

  /** Aborts all pending exchanges and streams and refuses new ones. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#open) cancel();
    this.#pool.destroy();
  }

  async #attempt(exchange: Exchange, signal: AbortSignal | undefined, pool: Agent): Promise<Answer> {
    const { body } = exchange;
    return this.#guarded(signal, async (cancel) => {
      if (typeof body === 'object') return this.#sendWithBody({ ...exchange, body }, signal, pool, cancel);
      const response = await this.#client.request<unknown>({
        method: exchange.method,
        url: exchange.target,
        data: body,
        headers: { ...exchange.headers, 'Content-Type': body === undefined ? false : jsonType },
        signal: cancel,
        httpAgent: pool,
        httpsAgent: pool,
      });
      if (!(response.data instanceof Readable)) throw new TypeError('axios returned no stream');
      const type: unknown = response.headers['content-type'];
      const pathStat: unknown = response.headers[pathStatHeader];
      return {
        status: response.status,
        contentType: typeof type === 'string' ? type : '',
        pathStat: typeof pathStat === 'string' ? pathStat : undefined,
        body: this.#own(response.data, exchange, signal),
      };
    });
  }

  /** Sends a stream without axios, whose own buffering would still hold a shared buffer when it is overwritten. */
  async #sendWithBody(
    exchange: Exchange & { readonly body: RequestBody },
    signal: AbortSignal | undefined,
    pool: Agent,
    cancel: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ...commonHeaders, ...exchange.headers, 'Content-Type': 'application/x-tar' };
      const request = this.#request(exchange, { headers, agent: pool, signal: cancel });
      request.once('response', (response) => resolve(this.#answer(response, exchange, signal)));
      request.on('error', reject);
      void sendBody(exchange.body, request);
    });
  }

  async #upgraded(exchange: Exchange, signal: AbortSignal | undefined, cancel: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const body = typeof exchange.body === 'string' ? exchange.body : undefined;
      const headers = {
        Connection: 'Upgrade',
        Upgrade: 'tcp',
        'User-Agent': userAgent,
        ...exchange.headers,
        ...(body === undefined ? {} : { 'Content-Type': jsonType }),
      };
      const request = this.#request(exchange, { headers, agent: false, signal: cancel });
      request.once('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ status: switchingProtocols, contentType: '', body: this.#own(socket, exchange, signal) });
      });
      request.once('response', (response) => resolve(this.#answer(response, exchange, signal)));
      request.once('error', reject);
      request.once('socket', (socket) => socket.setKeepAlive(true, keepAliveDelayMs));
      request.end(body);
    });
  }

  #request({ method, target }: Exchange, options: RequestOptions): ClientRequest {
    const address = this.#address;
    const common = { ...options, method, path: target };
    if ('socketPath' in address) return plainRequest({ ...common, socketPath: address.socketPath });
    const { hostname: host, port, tls } = address;
    return tls === undefined
      ? plainRequest({ ...common, host, port })
      : tlsRequest({ ...common, ...tls, host, port });
  }

  #answer(response: IncomingMessage, exchange: Exchange, signal: AbortSignal | undefined): Answer {
    return {
      status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '',
      body: this.#own(response, exchange, signal),
    };
  }

  /** Runs an exchange until its answer begins, with a signal that aborts with the caller's or on {@link close}. */
  async #guarded<T>(signal: AbortSignal | undefined, run: (cancel: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ending = new LinkedAbort(signal);
    const cancel = (): void => ending.abort();
    if (this.#closed) cancel();
    this.#open.add(cancel);
    try {
      return await run(ending.signal);
    } finally {
      this.#open.delete(cancel);
      ending.unlink();
    }
  }

  /** Destroys a stream when the caller's signal aborts or the client is closed. */
  #own<T extends Readable>(stream: T, exchange: Exchange, signal: AbortSignal | undefined): T {
    const onClose = (): void => {
      stream.destroy(this.#wasClosed(exchange));
    };
    this.#open.add(onClose);
    stream.once('close', () => this.#open.delete(onClose));
    // The reader receives the error too. Without a listener, an error before the first read would end the process.
    stream.on('error', () => undefined);
    destroyOnAbort(stream, signal);
    return stream;
  }

  #named(error: unknown, exchange: Exchange, signal: AbortSignal | undefined): unknown {
    signal?.throwIfAborted();
    if (this.#closed) return this.#wasClosed(exchange);
    // axios wraps Node's error together with the whole request, which does not belong in a log.
    const cause = axios.isAxiosError(error) ? (error.cause ?? withoutRequest(error)) : error;
    if (codeOf(cause)?.startsWith('HPE_') === true) {
      return new EngineProtocolError(`${described(exchange.description)}: the answer is not HTTP`, cause);
    }
    return new EngineUnreachable(exchange.description, asError(cause).message, {
      maybeDone: !onlyReads(exchange) && mayHaveArrived(cause),
      cause,
    });
  }

  #wasClosed(exchange: Exchange): EngineUnreachable {
    return new EngineUnreachable(exchange.description, 'the client was closed', {
      maybeDone: !onlyReads(exchange),
    });
  }
}

const pathStatHeader = 'x-docker-container-path-stat';

/** The error of axios without its request, whose headers and body may contain credentials. */
function withoutRequest({ message, code }: AxiosError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const switchingProtocols = 101;
/** Milliseconds of silence before TCP keep-alive probes the other end; the same as axios. */
const keepAliveDelayMs = 60_000;
const userAgent = 'nova-docker-driver';
const commonHeaders = { Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': userAgent };
const jsonType = 'application/json';

const origin = (address: { hostname: string; port: number; tls?: object }): string => {
  const host = address.hostname.includes(':') ? `[${address.hostname}]` : address.hostname;
  return `${address.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
};

const agent = (address: EngineAddress, keepAlive: boolean): Agent =>
  'tls' in address ? new TlsAgent({ keepAlive, ...address.tls }) : new PlainAgent({ keepAlive });

const onlyReads = ({ method }: Exchange): boolean => method === 'GET' || method === 'HEAD';

/** Whether a request failed because the engine closed its reused connection. */
function wasStale(error: unknown): boolean {
  if (!axios.isAxiosError(error)) return false;
  const request: unknown = error.request;
  const code = codeOf(error);
  return (
    request instanceof ClientRequest && request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')
  );
}

/** Whether the engine may have received the request: false if the connection was never established. */
function mayHaveArrived(cause: unknown): boolean {
  const syscall =
    typeof cause === 'object' && cause !== null && 'syscall' in cause ? cause.syscall : undefined;
  return syscall !== 'connect' && syscall !== 'getaddrinfo';
}
