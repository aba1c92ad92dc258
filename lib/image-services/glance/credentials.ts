import {
  GlanceConnectionFailed,
  ImageNotAuthorized,
  type RequestContext,
} from '../../../interfaces/index.js';
import { ConnectionBroken } from '../../http/index.js';
import { DeadlineExceeded, pause, unlessAborted } from '../../streams/index.js';
import type { HttpTransport } from './http-transport.js';
import { backoff, authenticate, type Session, type TimedSession } from './keystone.js';
import type { KeystoneAuth, Settings } from './options.js';

/** Where tokens come from. */
export interface Credentials {
  /**
   * What to ask with.
   *
   * @throws ImageNotAuthorized when there is nothing to ask with; GlanceConnectionFailed when Keystone does not answer.
   */
  session(context: RequestContext, signal: AbortSignal | undefined): Promise<Session>;
  /** Something else to ask with after the image service refused a token; undefined when there is nothing else. */
  renewed(refused: Session, signal: AbortSignal | undefined): Promise<Session | undefined>;
  /**
   * The endpoints of the image service, without version.
   *
   * @throws what {@link session} throws, where only Keystone knows them.
   */
  endpoints(signal: AbortSignal | undefined): Promise<readonly string[]>;
}

/** What a header may hold: anything else would be an error of Node's that names the header. */
const soundToken = /^[\x21-\x7e]+$/;

/** The caller's own token. */
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

/** Milliseconds before its end at which a token is no longer used: a request takes time, and clocks differ. */
const expiryMargin = 60_000;

/**
 * One user's token, fetched from Keystone when it is first needed and again before it expires; whoever needs it at that
 * time waits together.
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
    if (current !== undefined && Date.now() < current.expires - expiryMargin) return Promise.resolve(current);
    return this.#fetch(signal);
  }

  renewed(refused: Session, signal: AbortSignal | undefined): Promise<Session> {
    const current = this.#current;
    if (current !== undefined && current !== refused) return Promise.resolve(current);
    return this.#fetch(signal);
  }

  /** The signal ends only the caller's waiting: others may wait for the same token. */
  #fetch(signal: AbortSignal | undefined): Promise<TimedSession> {
    this.#fetching ??= this.#authenticate().finally(() => (this.#fetching = undefined));
    return unlessAborted(this.#fetching, signal);
  }

  async #authenticate(): Promise<TimedSession> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#current = await authenticate(this.#transport, this.#auth, this.#settings);
        return this.#current;
      } catch (error) {
        if (!(error instanceof ConnectionBroken || error instanceof DeadlineExceeded)) throw error;
        if (attempt >= this.#settings.retries) {
          throw new GlanceConnectionFailed(`Keystone does not answer: ${error.message}.`, { cause: error });
        }
        await pause(backoff(attempt), undefined);
      }
    }
  }
}
