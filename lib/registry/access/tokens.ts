import { randomBytes } from 'node:crypto';
import type { RequestContext } from '../../../interfaces/index.js';
import { steadyNow } from '../../streams/index.js';

/** Tokens beyond this number replace the oldest ones: a client that asks for many must not exhaust the memory. */
const maxTokens = 10_000;

interface Issued {
  readonly context: RequestContext;
  readonly expires: number;
}

/** Issues the bearer tokens of the registry and keeps them in memory. A restart of the registry revokes them. */
export class Tokens {
  readonly #issued = new Map<string, Issued>();

  /** Returns a new token for the holder of a context. */
  issue(context: RequestContext, lifetimeMs: number): string {
    const token = randomBytes(32).toString('base64url');
    this.#removeExpired();
    this.#issued.set(token, { context, expires: steadyNow() + lifetimeMs });
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
    for (const [token, { expires }] of this.#issued)
      if (expires <= now || this.#issued.size >= maxTokens) this.#issued.delete(token);
  }
}
