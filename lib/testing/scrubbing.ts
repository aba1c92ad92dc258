import { decodeText } from './content.js';
import type { Json } from './fixture.js';

/** Replaces a secret in a fixture; in a replay it matches any text. */
export const scrubbedText = '[scrubbed]';

const secretHeaders = new Set(['authorization', 'x-registry-auth', 'x-registry-config']);
const secretFields = new Set(['password', 'auth', 'identitytoken', 'registrytoken']);
/** The same fields inside a text; the match is the secret alone. */
const secretFieldsInText = /(?<="(?:password|auth|identitytoken|registrytoken)"\s*:\s*")(?:[^"\\]|\\.)+/gi;

/** Removes secrets from a recording. */
export class Scrubber {
  readonly #patterns: readonly RegExp[];

  /** @param extra - patterns of secrets in addition to registry credentials and password-like JSON fields. */
  constructor(extra: readonly RegExp[]) {
    this.#patterns = extra.map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '') + 'g'));
  }

  header(name: string, value: string): string {
    return secretHeaders.has(name) ? scrubbedText : this.text(value);
  }

  text(value: string): string {
    return [secretFieldsInText, ...this.#patterns].reduce(
      (text, pattern) => text.replace(pattern, scrubbedText),
      value,
    );
  }

  json(value: Json): Json {
    if (typeof value === 'string') {
      return this.text(value);
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.json(item));
    }
    if (value === null || typeof value !== 'object') {
      return value;
    }
    const scrub = ([name, field]: [string, Json]): [string, Json] =>
      typeof field === 'string' && field !== '' && secretFields.has(name.toLowerCase())
        ? [name, scrubbedText]
        : [name, this.json(field)];
    return Object.fromEntries(Object.entries(value).map(scrub));
  }

  /**
   * Overwrites secrets with asterisks, even across chunk borders. The length is kept, because frames and
   * `Content-Length` count bytes.
   */
  mask(chunks: readonly Buffer[]): Buffer[] {
    const whole = Buffer.concat(chunks);
    const decoded = decodeText(whole);
    const encoding = decoded === undefined ? 'latin1' : 'utf8';
    const text = decoded ?? whole.toString(encoding);
    for (const pattern of [secretFieldsInText, ...this.#patterns]) {
      for (const match of text.matchAll(pattern)) {
        const start = Buffer.byteLength(text.slice(0, match.index), encoding);
        whole.fill('*', start, start + Buffer.byteLength(match[0], encoding));
      }
    }
    let offset = 0;
    return chunks.map(({ length }) => whole.subarray(offset, (offset += length)));
  }
}
