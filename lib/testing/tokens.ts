import { scrubbedText } from './scrubbing.js';

/** Random names that differ from run to run: `tmp-` and 32 hexadecimal digits, anywhere in a text. */
const anyToken = /tmp-[0-9a-f]{32}/g;
const volatileText = /tmp-[0-9a-f]{32}|\[scrubbed\]/g;

/** A one-to-one mapping between the random names of a recording and those of the current run. */
export class TokenBindings {
  readonly #actual: Map<string, string>;
  readonly #recorded: Map<string, string>;

  constructor(base?: TokenBindings) {
    this.#actual = new Map(base === undefined ? [] : base.#actual);
    this.#recorded = new Map(base === undefined ? [] : base.#recorded);
  }

  /** False when either name is already bound to another. */
  bind(recorded: string, actual: string): boolean {
    if (
      (this.#actual.get(recorded) ?? actual) !== actual ||
      (this.#recorded.get(actual) ?? recorded) !== recorded
    ) {
      return false;
    }
    this.#actual.set(recorded, actual);
    this.#recorded.set(actual, recorded);
    return true;
  }

  /** Replaces recorded names by actual ones in a text. */
  inText(text: string): string {
    return text.replace(anyToken, (token) => this.#actual.get(token) ?? token);
  }

  /**
   * Replaces recorded names by actual ones in a chunk of a body. A name may cross the border of two chunks; all names
   * have the same length, so borders and lengths are kept.
   */
  inChunk(whole: Buffer, places: readonly TokenPlace[], start: number, end: number): Buffer {
    const chunk = Buffer.from(whole.subarray(start, end));
    for (const { offset, token } of places) {
      const actual = Buffer.from(this.#actual.get(token) ?? token);
      if (offset < end && offset + actual.length > start) {
        const from = Math.max(start, offset);
        actual.copy(chunk, from - start, from - offset);
      }
    }
    return chunk;
  }
}

/** The position of a random name in an answer. */
interface TokenPlace {
  readonly offset: number;
  readonly token: string;
}

/** All random names in a buffer, text or binary. */
export function tokenPlaces(bytes: Buffer): TokenPlace[] {
  return [...bytes.toString('latin1').matchAll(anyToken)].map((match) => ({
    offset: match.index,
    token: match[0],
  }));
}

/**
 * Whether a text matches a recorded one. Random names may differ consistently, and a scrubbed secret matches any text.
 * Binds the names that it finds.
 */
export function matchText(recorded: string, actual: string, bindings: TokenBindings): boolean {
  return recorded.search(volatileText) < 0
    ? recorded === actual
    : match(new RegExp(`^${patternOf(recorded)}$`), recorded, actual, bindings) !== undefined;
}

/**
 * Whether a text begins with a recorded one; see `matchText`.
 *
 * @returns the length of the match in characters; undefined without a match.
 */
export function matchBeginning(
  recorded: string,
  actual: string,
  bindings: TokenBindings,
): number | undefined {
  return match(new RegExp(`^${patternOf(recorded)}`), recorded, actual, bindings);
}

function patternOf(recorded: string): string {
  const gaps = recorded.match(volatileText) ?? [];
  const literals = recorded
    .split(volatileText)
    .map((literal) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return literals.reduce((pattern, literal, i) => {
    if (gaps[i - 1] !== scrubbedText) {
      return `${pattern}(${anyToken.source})${literal}`;
    }
    const isLast = i === literals.length - 1 && literal === '';
    return `${pattern}${isLast ? '[^]*' : '[^]*?'}${literal}`;
  });
}

function match(
  pattern: RegExp,
  recorded: string,
  actual: string,
  bindings: TokenBindings,
): number | undefined {
  const found = pattern.exec(actual);
  const tokens = recorded.match(anyToken) ?? [];
  return found !== null && tokens.every((token, i) => bindings.bind(token, found[i + 1] ?? token))
    ? found[0].length
    : undefined;
}
