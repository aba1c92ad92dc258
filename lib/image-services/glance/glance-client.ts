import { GlanceConnectionFailed, type Logger, type RequestContext } from '../../../interfaces/index.js';
import { ConnectionBroken } from '../../http/index.js';
import { DeadlineExceeded, pause, withDeadline } from '../../streams/index.js';
import type { Credentials } from './credentials.js';
import { ImageServiceError, type RequestLine } from './exceptions.js';
import { readContent, type HttpTransport } from './http-transport.js';
import { backoff, type Session } from './keystone.js';
import { wordsOf } from './service-words.js';

/** What to ask the image service. */
export interface GlanceRequest extends RequestLine {
  readonly context: RequestContext;
  /** With its question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** Whether it may be sent again when nobody knows whether it arrived. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** An answer whose body, but for an image's data, has been read. */
export interface Reply {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly content: Buffer;
}

/** A reply, who gave it, and whether the request may have been carried out before. */
export interface Routed<T> {
  readonly reply: T;
  readonly endpoint: string;
  /** An earlier attempt broke off after it may have arrived. */
  readonly again: boolean;
}

/** One way to put a request to an endpoint. */
type Exchange<T extends Reply> = (url: string, headers: Readonly<Record<string, string>>) => Promise<T>;

/** What a service says that cannot do its work now, or a proxy whose service is away. */
const unavailable: ReadonlySet<number> = new Set([502, 503, 504]);

/** Glance takes a caller's request id if it looks like one of OpenStack's. */
const requestId = /^req-[0-9a-f-]{36}$/;

interface Options {
  readonly transport: HttpTransport;
  /**
   * Without connections that have been used before, for what is sent once only: the service may just be closing such a
   * connection, and nobody could tell whether the request still arrived.
   */
  readonly fresh: HttpTransport;
  readonly credentials: Credentials;
  /** How often a request is sent again. */
  readonly retries: number;
  /** Milliseconds for an attempt at a call. */
  readonly timeout: number;
  readonly logger: Logger | undefined;
}

/** Puts requests to whichever endpoint answers, with whatever token is good. */
export class GlanceClient {
  readonly #options: Options;
  #turn = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Asks, and reads the answer.
   *
   * @returns whatever the image service answers, errors too, but not that it is unavailable.
   * @throws GlanceConnectionFailed when no endpoint answers; what {@link Credentials.session} throws; the signal's
   * reason.
   */
  call(request: GlanceRequest): Promise<Routed<Reply>> {
    return this.exchange(request, (url, headers) => {
      const { transport, fresh, timeout } = this.#options;
      const { method, path, body, repeatable } = request;
      return withDeadline(`${method} ${path}`, timeout, request.signal, async (signal) => {
        const answer = await (repeatable ? transport : fresh).send({ method, url, headers, body, signal });
        return { status: answer.status, header: answer.header, content: await readContent(answer, signal) };
      });
    });
  }

  /**
   * Puts a request to one endpoint after the other, by whatever means, until one answers.
   *
   * @param exchange - may throw ConnectionBroken and DeadlineExceeded.
   */
  async exchange<T extends Reply>(request: GlanceRequest, exchange: Exchange<T>): Promise<Routed<T>> {
    const { retries, credentials, logger } = this.#options;
    const first = this.#turn;
    this.#turn += 1;
    let again = false;
    for (let attempt = 0; ; attempt += 1) {
      request.signal?.throwIfAborted();
      const session = await credentials.session(request.context, request.signal);
      const { endpoints } = session;
      const endpoint = endpoints[(first + attempt) % endpoints.length] ?? '';
      let failure: Error;
      try {
        const reply = await this.#authorised(request, endpoint, session, exchange);
        if (!unavailable.has(reply.status)) return { reply, endpoint, again };
        failure = new ImageServiceError(request, reply.status, wordsOf(reply.content));
        if (!request.repeatable && reply.status !== 503) return { reply, endpoint, again };
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof ConnectionBroken || error instanceof DeadlineExceeded)) throw error;
        failure = error;
        const unsent = error instanceof ConnectionBroken && error.unsent;
        if (!unsent) again = true;
        if (!unsent && !request.repeatable) throw unanswered(endpoint, failure);
      }
      if (attempt >= Math.max(retries, endpoints.length - 1)) throw unanswered(endpoint, failure);
      logger?.debug(`${endpoint} does not answer, trying again`, {
        request: line(request),
        why: failure.message,
      });
      // The other endpoints are asked at once; one that has just failed after a while.
      if (attempt + 1 >= endpoints.length) {
        await pause(backoff(attempt + 1 - endpoints.length), request.signal);
      }
    }
  }

  /** A token may be refused that was good a moment ago: then a new one gets a chance. */
  async #authorised<T extends Reply>(
    request: GlanceRequest,
    endpoint: string,
    session: Session,
    exchange: Exchange<T>,
  ): Promise<T> {
    const url = `${endpoint}${request.path}${request.query ?? ''}`;
    const reply = await exchange(url, headersOf(request, session));
    if (reply.status !== 401) return reply;
    const renewed = await this.#options.credentials.renewed(session, request.signal);
    return renewed === undefined ? reply : exchange(url, headersOf(request, renewed));
  }
}

function headersOf(request: GlanceRequest, session: Session): Record<string, string> {
  const id = request.context.global_request_id;
  return {
    Accept: 'application/json',
    ...(typeof id === 'string' && requestId.test(id) ? { 'X-Openstack-Request-Id': id } : {}),
    ...request.headers,
    'X-Auth-Token': session.token,
  };
}

const line = ({ method, path }: RequestLine): string => `${method} ${path}`;

/** The last endpoint's failure is told; the others have failed too, or are not to be asked. */
const unanswered = (endpoint: string, cause: Error): GlanceConnectionFailed =>
  new GlanceConnectionFailed(`The image service at ${endpoint} does not answer: ${cause.message}.`, {
    cause,
  });
