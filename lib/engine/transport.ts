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

/** One HTTP exchange. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query as they go over the wire. */
  readonly target: string;
  /** Beside those that every request has. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or a tar stream, which its owner must destroy whatever becomes of the exchange. */
  readonly body: string | RequestBody | undefined;
  /** For error messages. */
  readonly description: RequestDescription;
}

/**
 * What the engine answered. The body must be read to its end or destroyed: until then it holds a connection. That of
 * status 101 is a Duplex: the connection itself.
 */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** What `X-Docker-Container-Path-Stat` says, as it came: an archive's answer has it. */
  readonly pathStat?: string | undefined;
  readonly body: Readable;
}

type Agent = PlainAgent | TlsAgent;

/**
 * Everything that connects to an engine: pooled connections for requests and answers, one of its own for each upgraded
 * stream.
 */
export class Transport {
  readonly #address: EngineAddress;
  readonly #client: AxiosInstance;
  readonly #pool: Agent;
  /** How to break off each exchange and stream that is under way. */
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
      // Answers are streams, read under our own limits; uploads are not limited.
      responseType: 'stream',
      decompress: false,
      maxContentLength: -1,
      maxBodyLength: -1,
      maxRedirects: 0,
      // The engine is a neighbour, whatever HTTP_PROXY says.
      proxy: false,
      // Wall clock, uploads included; the callers' signals have deadlines that know better.
      timeout: 0,
      transformRequest: [],
      transformResponse: [],
      validateStatus: null,
      headers: commonHeaders,
    });
  }

  /**
   * Sends a request and waits until its answer begins. A question that went to a kept connection just as the engine
   * closed it is asked once more on a new one.
   *
   * @param signal - ends the exchange, and the answer's body after it.
   * @throws EngineUnreachable; EngineProtocolError when what answers does not speak HTTP; the signal's reason when that
   * aborts.
   */
  async exchange(exchange: Exchange, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.#attempt(exchange, signal, this.#pool);
    } catch (error) {
      if (exchange.method !== 'GET' || !wasStale(error)) throw this.#named(error, exchange, signal);
    }
    try {
      return await this.#attempt(exchange, signal, agent(this.#address, false));
    } catch (error) {
      throw this.#named(error, exchange, signal);
    }
  }

  /**
   * Sends a request that asks to turn its connection into a stream of bytes both ways. axios cannot: it waits for ever
   * for an answer.
   *
   * @param signal - ends the exchange, and the stream after it.
   * @returns status 101 and the connection as body, or what else the engine answered.
   * @throws EngineUnreachable; EngineProtocolError when what answers does not speak HTTP; the signal's reason when that
   * aborts.
   */
  async upgrade(exchange: Exchange, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.#guarded(signal, (breakOff) => this.#upgraded(exchange, signal, breakOff));
    } catch (error) {
      throw this.#named(error, exchange, signal);
    }
  }

  /** Breaks off all that is under way and refuses all that comes. */
  close(): void {
    this.#closed = true;
    for (const breakOff of this.#open) breakOff();
    this.#pool.destroy();
  }

  async #attempt(exchange: Exchange, signal: AbortSignal | undefined, pool: Agent): Promise<Answer> {
    const { body } = exchange;
    return this.#guarded(signal, async (breakOff) => {
      if (typeof body === 'object') return this.#poured({ ...exchange, body }, signal, pool, breakOff);
      const response = await this.#client.request<unknown>({
        method: exchange.method,
        url: exchange.target,
        data: body,
        headers: { ...exchange.headers, 'Content-Type': body === undefined ? false : jsonType },
        signal: breakOff,
        httpAgent: pool,
        httpsAgent: pool,
      });
      if (!(response.data instanceof Readable)) throw new TypeError('axios gave no stream');
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

  /** Sends a stream. axios would read it through buffers of its own, and lent memory would be overwritten in there. */
  async #poured(
    exchange: Exchange & { readonly body: RequestBody },
    signal: AbortSignal | undefined,
    pool: Agent,
    breakOff: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ...commonHeaders, ...exchange.headers, 'Content-Type': 'application/x-tar' };
      const request = this.#request(exchange, { headers, agent: pool, signal: breakOff });
      request.once('response', (response) => resolve(this.#answer(response, exchange, signal)));
      request.on('error', reject);
      void sendBody(exchange.body, request);
    });
  }

  async #upgraded(
    exchange: Exchange,
    signal: AbortSignal | undefined,
    breakOff: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const body = typeof exchange.body === 'string' ? exchange.body : undefined;
      const headers = {
        Connection: 'Upgrade',
        Upgrade: 'tcp',
        'User-Agent': userAgent,
        ...exchange.headers,
        ...(body === undefined ? {} : { 'Content-Type': jsonType }),
      };
      const request = this.#request(exchange, { headers, agent: false, signal: breakOff });
      request.once('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ status: switchingProtocols, contentType: '', body: this.#own(socket, exchange, signal) });
      });
      request.once('response', (response) => resolve(this.#answer(response, exchange, signal)));
      request.once('error', reject);
      request.once('socket', (socket) => socket.setKeepAlive(true, keepAliveDelay));
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

  /**
   * Runs an exchange up to the beginning of its answer, with a signal that aborts when the caller's does or the client
   * is closed.
   */
  async #guarded<T>(signal: AbortSignal | undefined, run: (breakOff: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ending = new LinkedAbort(signal);
    const breakOff = (): void => ending.abort();
    if (this.#closed) breakOff();
    this.#open.add(breakOff);
    try {
      return await run(ending.signal);
    } finally {
      this.#open.delete(breakOff);
      ending.unlink();
    }
  }

  /** Sees to it that a stream ends with the caller's signal, and with the client. */
  #own<T extends Readable>(stream: T, exchange: Exchange, signal: AbortSignal | undefined): T {
    const onClose = (): void => {
      stream.destroy(this.#wasClosed(exchange));
    };
    this.#open.add(onClose);
    stream.once('close', () => this.#open.delete(onClose));
    // Whoever reads it is told as well; but it may break before anybody does, and that must not end the process.
    stream.on('error', () => undefined);
    destroyOnAbort(stream, signal);
    return stream;
  }

  #named(error: unknown, exchange: Exchange, signal: AbortSignal | undefined): unknown {
    signal?.throwIfAborted();
    if (this.#closed) return this.#wasClosed(exchange);
    // axios wraps what Node says, and carries the whole request with it, which is no use in a log.
    const cause = axios.isAxiosError(error) ? (error.cause ?? withoutRequest(error)) : error;
    if (codeOf(cause)?.startsWith('HPE_') === true) {
      return new EngineProtocolError(`${described(exchange.description)}: the answer is not HTTP`, cause);
    }
    return new EngineUnreachable(exchange.description, asError(cause).message, {
      maybeDone: exchange.method !== 'GET' && mayHaveArrived(cause),
      cause,
    });
  }

  #wasClosed(exchange: Exchange): EngineUnreachable {
    return new EngineUnreachable(exchange.description, 'the client was closed', {
      maybeDone: exchange.method !== 'GET',
    });
  }
}

const pathStatHeader = 'x-docker-container-path-stat';

/** What axios says without the request, whose headers and body hold credentials. */
function withoutRequest({ message, code }: AxiosError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

const switchingProtocols = 101;
/** Milliseconds of silence before TCP asks whether the other end is still there; axios does the same. */
const keepAliveDelay = 60_000;
const userAgent = 'nova-docker-driver';
const commonHeaders = { Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': userAgent };
const jsonType = 'application/json';

const origin = (address: { hostname: string; port: number; tls?: object }): string => {
  const host = address.hostname.includes(':') ? `[${address.hostname}]` : address.hostname;
  return `${address.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
};

const agent = (address: EngineAddress, keepAlive: boolean): Agent =>
  'tls' in address ? new TlsAgent({ keepAlive, ...address.tls }) : new PlainAgent({ keepAlive });

/** Whether a request failed on a connection that had served before and was being closed by the engine. */
function wasStale(error: unknown): boolean {
  if (!axios.isAxiosError(error)) return false;
  const request: unknown = error.request;
  const code = codeOf(error);
  return (
    request instanceof ClientRequest && request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')
  );
}

/** Whether the request may have got as far as the engine: not when there never was a connection. */
function mayHaveArrived(cause: unknown): boolean {
  const syscall =
    typeof cause === 'object' && cause !== null && 'syscall' in cause ? cause.syscall : undefined;
  return syscall !== 'connect' && syscall !== 'getaddrinfo';
}
