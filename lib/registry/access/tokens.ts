import { randomBytes } from 'node:crypto';
import type { RequestContext } from '../../../interfaces/index.js';
import { steadyNow } from '../../streams/index.js';

/** Maximum number of tokens of one user. Beyond it, the oldest is revoked, so that no user can exhaust the memory. */
const maxTokensOfPerson = 100;

interface Issued {
  readonly context: RequestContext;
  readonly expires: number;
  /** Who logged in; undefined for a token that a program issued. */
  readonly username: string | undefined;
}

/** Issues the bearer tokens of the registry and keeps them in memory. A restart of the registry revokes them. */
export class Tokens {
  readonly #issued = new Map<string, Issued>();

  /**
   * Returns a new token for the holder of a context.
   *
   * @param username - who logged in. Default: a program.
   */
  issue(context: RequestContext, lifetimeMs: number, username?: string): string {
    const token = randomBytes(32).toString('base64url');
    this.#removeExpired();
    if (username !== undefined) this.#removeOldestOf(username);
    this.#issued.set(token, { context, expires: steadyNow() + lifetimeMs, username });
    return token;
  }

  /** Returns the context of a token; undefined when it is unknown or has expired. */
  contextOf(token: string): RequestContext | undefined {
    const issued = this.#issued.get(token);
    return issued === undefined || issued.expires <= steadyNow() ? undefined : issued.context;
  }

  revoke(token: string): void {
    this.#issued.delete(token);
  }

  #removeExpired(): void {
    const now = steadyNow();
    for (const [token, { expires }] of this.#issued) if (expires <= now) this.#issued.delete(token);
  }

  #removeOldestOf(username: string): void {
    const own = [...this.#issued].filter(([, issued]) => issued.username === username);
    const [oldest] = own;
    if (own.length >= maxTokensOfPerson && oldest !== undefined) this.#issued.delete(oldest[0]);
  }
}
