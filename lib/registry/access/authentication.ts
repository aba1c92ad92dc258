import { ImageNotAuthorized, type RequestContext } from '../../../interfaces/index.js';
import { sleep } from '../../streams/index.js';
import { type Answer, RegistryError, type RegistryRequest } from '../http/index.js';
import type { RegistryAccounts } from './accounts.js';
import { Tokens } from './tokens.js';

/** Clients renew a token without asking the person. Keystone's tokens live longer. */
const tokenLifetimeMs = 15 * 60_000;

/** Slows down who tries passwords. */
const wrongPasswordDelayMs = 500;

const maxFormBytes = 64 * 1024;

/** The path of the token endpoint. */
export const tokenPath = '/token';

interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Authenticates clients by bearer tokens: a client is sent to the token endpoint, and gets a token there for a username
 * and a password. A driver gets tokens for its engine directly.
 */
export class Authentication {
  readonly #accounts: RegistryAccounts;
  readonly #publicUrl: string | undefined;
  readonly #tokens = new Tokens();

  /** @param publicUrl - how clients reach the registry. Default: as the request says. */
  constructor(accounts: RegistryAccounts, publicUrl: string | undefined) {
    this.#accounts = accounts;
    this.#publicUrl = publicUrl;
  }

  /** Returns a token with the rights of a context. The caller revokes it with {@link Authentication.revoke}. */
  issue(context: RequestContext, lifetimeMs: number): string {
    return this.#tokens.issue(context, lifetimeMs);
  }

  revoke(token: string): void {
    this.#tokens.revoke(token);
  }

  /** Returns the context of a request; undefined when the client must first get a token. */
  contextOf(request: RegistryRequest): RequestContext | undefined {
    const token = bearerToken(request);
    return token === undefined ? undefined : this.#tokens.contextOf(token);
  }

  /** Sends a client to the token endpoint. */
  challenge({ url }: RegistryRequest): Answer {
    const base = new URL(this.#publicUrl ?? url);
    const realm = new URL(tokenPath, base).href;
    const errors = [{ code: 'UNAUTHORIZED', message: 'Log in to this registry with docker login.' }];
    return {
      status: 401,
      headers: {
        'Content-Type': 'application/json',
        'WWW-Authenticate': `Bearer realm="${realm}",service="${base.host}"`,
      },
      body: Buffer.from(JSON.stringify({ errors })),
    };
  }

  /**
   * Answers a request to the token endpoint: GET with basic authentication, as Docker asks, or POST with a form, as
   * containerd asks.
   */
  async token(request: RegistryRequest): Promise<Answer> {
    const login = request.method === 'POST' ? await formLogin(request) : basicLogin(request);
    if (login === undefined) return refused('Log in to this registry with docker login.');
    try {
      const { signal } = request;
      const context = await this.#accounts.authenticate(login.username, login.password, { signal });
      if (typeof context.project_id !== 'string') return refused('The account has no project.');
      const token = this.#tokens.issue(context, tokenLifetimeMs, login.username);
      const body = { token, access_token: token, expires_in: tokenLifetimeMs / 1000 };
      return {
        status: 200,
        headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
        body: Buffer.from(JSON.stringify(body)),
      };
    } catch (error) {
      if (!(error instanceof ImageNotAuthorized)) throw error;
      await sleep(wrongPasswordDelayMs, request.signal);
      return refused(error.message);
    }
  }
}

/** Returns the bearer token of a request; undefined without one. */
export function bearerToken(request: RegistryRequest): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
  return token;
}

function refused(message: string): Answer {
  const errors = [{ code: 'UNAUTHORIZED', message }];
  return {
    status: 401,
    headers: { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Basic realm="registry"' },
    body: Buffer.from(JSON.stringify({ errors })),
  };
}

function basicLogin(request: RegistryRequest): Login | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function formLogin(request: RegistryRequest): Promise<Login | undefined> {
  const form = new URLSearchParams((await request.wholeBody(maxFormBytes)).toString('utf8'));
  const [username, password] = [form.get('username'), form.get('password')];
  const grant = form.get('grant_type');
  // A registry without refresh tokens answers 405; clients then use GET.
  if (grant !== 'password') throw new RegistryError('UNSUPPORTED', `The grant ${String(grant)} is unknown.`);
  return username === null || password === null ? undefined : { username, password };
}
