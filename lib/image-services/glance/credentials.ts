import {
  GlanceConnectionFailed,
  ImageNotAuthorized,
  type RequestContext,
} from '../../../interfaces/index.js';
import { ConnectionBroken } from '../../http/index.js';
import { DeadlineExceeded, sleep, raceSignal } from '../../streams/index.js';
import type { HttpTransport } from './http-transport.js';
import { backoff } from './backoff.js';
import { authenticate, type Session, type TimedSession } from './keystone.js';
import type { KeystoneAuth, Settings } from './options.js';

/** A source of tokens for the image service. */
export interface Credentials {
  /**
   * Returns a token and the endpoints to use it with.
   *
   * @throws ImageNotAuthorized when there is no valid token.
   * @throws GlanceConnectionFailed when Keystone does not answer.
   */
  session(context: RequestContext, signal: AbortSignal | undefined): Promise<Session>;
  /** Returns another session after the image service refused a token; undefined if there is none. */
  renewed(refused: Session, signal: AbortSignal | undefined): Promise<Session | undefined>;
  /**
   * Returns the endpoints of the image service, without version.
   *
   * @throws the errors of {@link session}, if the endpoints come from Keystone's catalogue.
   */
  endpoints(signal: AbortSignal | undefined): Promise<readonly string[]>;
}

/** The characters allowed in a token. For others, Node would throw its own error, which names the header. */
const soundToken = /^[\x21-\x7e]+$/;

/** Uses the token of each call's context. */
export class ContextToken implements Credentials {
  readonly #endpoints: readonly string[];

  constructor(endpoints: readonly string[]) {
    this.#endpoints = endpoints;
  }

  session({ auth_token: token }: RequestContext): Promise<Session> {
    if (typeof token === 'string' && soundToken.test(token)) {
      return Promise.resolve({ token, endpoints: this.#endpoints });
    }
    return Promise.reject(new ImageNotAuthorized('The context holds no token for the image service.'));
  }

  renewed(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  endpoints(): Promise<readonly string[]> {
    return Promise.resolve(this.#endpoints);
  }
}

/** A token is renewed so many milliseconds before it expires: requests take time, and clocks differ. */
const expiryMarginMs = 60_000;

/**
 * Uses the token of one user. Fetches it from Keystone on first use and again before it expires. Concurrent callers
 * share one request.
 */
export class KeystoneToken implements Credentials {
  readonly #transport: HttpTransport;
  readonly #auth: KeystoneAuth;
  readonly #settings: Settings;
  #current: TimedSession | undefined;
  #fetching: Promise<TimedSession> | undefined;

  constructor(transport: HttpTransport, auth: KeystoneAuth, settings: Settings) {
    this.#transport = transport;
    this.#auth = auth;
    this.#settings = settings;
  }

  session(_context: RequestContext, signal: AbortSignal | undefined): Promise<Session> {
    return this.#valid(signal);
  }

  async endpoints(signal: AbortSignal | undefined): Promise<readonly string[]> {
    return this.#settings.endpoints ?? (await this.#valid(signal)).endpoints;
  }

  #valid(signal: AbortSignal | undefined): Promise<Session> {
    const current = this.#current;
    if (current !== undefined && Date.now() < current.expires - expiryMarginMs)
      return Promise.resolve(current);
    return this.#fetch(signal);
  }

  renewed(refused: Session, signal: AbortSignal | undefined): Promise<Session> {
    const current = this.#current;
    if (current !== undefined && current !== refused) return Promise.resolve(current);
    return this.#fetch(signal);
  }

  /** The signal ends only this caller's wait, because other callers may wait for the same token. */
  #fetch(signal: AbortSignal | undefined): Promise<TimedSession> {
    this.#fetching ??= this.#authenticate().finally(() => (this.#fetching = undefined));
    return raceSignal(this.#fetching, signal);
  }

  async #authenticate(): Promise<TimedSession> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#current = await authenticate(this.#transport, this.#auth, this.#settings);
        return this.#current;
      } catch (error) {
        if (!(error instanceof ConnectionBroken || error instanceof DeadlineExceeded)) throw error;
        if (attempt >= this.#settings.maxRetries) {
          throw new GlanceConnectionFailed(`Keystone does not answer: ${error.message}.`, { cause: error });
        }
        await sleep(backoff(attempt), undefined);
      }
    }
  }
}
