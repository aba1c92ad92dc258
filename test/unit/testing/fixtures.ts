import type { Exchange, Fixture } from '../../../lib/testing/index.js';

/** A fixture of hand-written exchanges. */
export function scenario(exchanges: Exchange[], name = 'try'): Fixture {
  return {
    format: 1,
    name,
    recorded: '2026-11-21T05:26:03Z',
    engine: { name: 'Engine', version: '20.10.24', apiVersion: '1.41' },
    exchanges,
  };
}

/** An exchange that answers a request without a body with a text. */
export function exchange(
  method: string,
  path: string,
  answer: string,
  more: Partial<Exchange> = {},
): Exchange {
  return { request: { method, path }, response: { status: 200, body: { text: answer } }, ...more };
}

/** A random name as the driver generates it, always the same for one letter. */
export function token(letter: string): string {
  return `tmp-${letter.repeat(32)}`;
}
