import { GlanceConnectionFailed, type Logger, type RequestContext } from '../../../interfaces/index.js';
import { ConnectionBroken } from '../../http/index.js';
import { DeadlineExceeded, sleep, withDeadline } from '../../streams/index.js';
import type { Credentials } from './credentials.js';
import { ImageServiceError, type RequestLine } from './exceptions.js';
import { readContent, type HttpTransport } from './http-transport.js';
import { backoff } from './backoff.js';
import { type Session } from './keystone.js';
import { wordsOf } from './service-words.js';

/** A request to the image service. */
export interface GlanceRequest extends RequestLine {
  readonly context: RequestContext;
  /** Including the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** Whether the request may be retried when it is unknown whether the service received it. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** An answer whose body was read, unless it is image data. */
export interface Reply {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly content: Buffer;
}

/** A reply, its endpoint, and whether an earlier attempt may have succeeded. */
export interface Routed<T> {
  readonly reply: T;
  readonly endpoint: string;
  /** An earlier attempt broke off after the service may have received it. */
  readonly again: boolean;
}

/** Sends a request to one endpoint. */
type Exchange<T extends Reply> = (url: string, headers: Readonly<Record<string, string>>) => Promise<T>;

/** Statuses of a service that is temporarily unavailable, or of a proxy that cannot reach its service. */
const unavailable: ReadonlySet<number> = new Set([502, 503, 504]);

/** Glance accepts a caller's request id only in OpenStack's format. */
const requestId = /^req-[0-9a-f-]{36}$/;

interface Options {
  readonly transport: HttpTransport;
  /**
   * Reuses no connections, for requests that are sent only once. The service may be about to close a reused connection;
   * then it would be unknown whether the request arrived.
   */
  readonly fresh: HttpTransport;
  readonly credentials: Credentials;
  /** Maximum number of retries of a request. */
  readonly maxRetries: number;
  /** Milliseconds for each attempt. */
  readonly timeout: number;
  readonly logger: Logger;
}

/** Sends requests to the image service. Retries them on other endpoints and renews refused tokens. */
export class GlanceClient {
  readonly #options: Options;
  #turn = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Sends a request and reads the answer.
   *
   * @returns any answer of the image service, also errors, unless the service is unavailable.
   * @throws GlanceConnectionFailed when no endpoint answers.
   * @throws the signal's reason when the signal aborts. Errors of {@link Credentials.session} are passed on.
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
   * Tries the endpoints in turn until one answers.
   *
   * @param exchange - sends the request; may throw ConnectionBroken and DeadlineExceeded.
   */
  async exchange<T extends Reply>(request: GlanceRequest, exchange: Exchange<T>): Promise<Routed<T>> {
    const { maxRetries, credentials, logger } = this.#options;
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
      if (attempt >= Math.max(maxRetries, endpoints.length - 1)) throw unanswered(endpoint, failure);
      logger.debug(`${endpoint} does not answer, trying again`, {
        request: line(request),
        why: failure.message,
      });
      // Other endpoints are tried at once, but an endpoint that has just failed only after a backoff.
      if (attempt + 1 >= endpoints.length) {
        await sleep(backoff(attempt + 1 - endpoints.length), request.signal);
      }
    }
  }

  /** A token may be revoked before it expires: after a 401, retries once with a renewed token. */
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

/** Names only the last endpoint: the others failed before, or must not be tried. */
const unanswered = (endpoint: string, cause: Error): GlanceConnectionFailed =>
  new GlanceConnectionFailed(`The image service at ${endpoint} does not answer: ${cause.message}.`, {
    cause,
  });
