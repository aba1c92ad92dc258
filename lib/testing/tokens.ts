import { SCRUBBED } from './scrubbing.js';

/** The random names that differ from run to run: `tmp-` and 32 hexadecimal digits, wherever they stand. */
const TOKEN = /tmp-[0-9a-f]{32}/g;
const VOLATILE = /tmp-[0-9a-f]{32}|\[scrubbed\]/g;

/** Which random name of the run stands for which one of the recording: always the same, and never two for one. */
export class TokenBindings {
  readonly #actual: Map<string, string>;
  readonly #recorded: Map<string, string>;

  constructor(base?: TokenBindings) {
    this.#actual = new Map(base === undefined ? [] : base.#actual);
    this.#recorded = new Map(base === undefined ? [] : base.#recorded);
  }

  /** False when either of the two already stands for another. */
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

  /** The recording's text with the run's names in it. */
  inText(text: string): string {
    return text.replace(TOKEN, (token) => this.#actual.get(token) ?? token);
  }

  /**
   * The recording's bytes, from one chunk on, with the run's names in it. A name may lie across the border of two
   * chunks; all names have the same length, so borders and lengths stay.
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

/** Where a random name stands in an answer. */
interface TokenPlace {
  readonly offset: number;
  readonly token: string;
}

/** All random names in some bytes, text or not. */
export function tokenPlaces(bytes: Buffer): TokenPlace[] {
  return [...bytes.toString('latin1').matchAll(TOKEN)].map((match) => ({
    offset: match.index,
    token: match[0],
  }));
}

/**
 * Whether a text is what was recorded: random names may differ as long as they are bound alike, and where a secret was
 * scrubbed anything may stand. Binds what it meets.
 */
export function matchText(recorded: string, actual: string, bindings: TokenBindings): boolean {
  return recorded.search(VOLATILE) < 0
    ? recorded === actual
    : match(new RegExp(`^${patternOf(recorded)}$`), recorded, actual, bindings) !== undefined;
}

/**
 * Whether a text begins as was recorded; see `matchText`.
 *
 * @returns how many characters that is; undefined when it begins otherwise.
 */
export function matchBeginning(
  recorded: string,
  actual: string,
  bindings: TokenBindings,
): number | undefined {
  return match(new RegExp(`^${patternOf(recorded)}`), recorded, actual, bindings);
}

function patternOf(recorded: string): string {
  const gaps = recorded.match(VOLATILE) ?? [];
  const literals = recorded.split(VOLATILE).map((literal) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return literals.reduce((pattern, literal, i) => {
    if (gaps[i - 1] !== SCRUBBED) {
      return `${pattern}(${TOKEN.source})${literal}`;
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
  const tokens = recorded.match(TOKEN) ?? [];
  return found !== null && tokens.every((token, i) => bindings.bind(token, found[i + 1] ?? token))
    ? found[0].length
    : undefined;
}
