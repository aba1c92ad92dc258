import { asBytes } from '../streams/index.js';
import { EngineProtocolError } from './errors.js';
import { maxLineBytes } from './json-lines.js';

const quote = 0x22;
const comma = 0x2c;
const openingBracket = 0x5b;
const backslash = 0x5c;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

/**
 * Reads a JSON list one element at a time, so that only one element's text is in memory, however many containers an
 * engine lists and however large their labels are.
 *
 * @param source - the bytes; closed when the loop is left.
 * @param what - the list, as a noun phrase for error messages.
 * @throws EngineProtocolError when the text is not a JSON list, or an element exceeds {@link maxLineBytes} bytes; the
 * source's own error.
 */
export async function* jsonElements(
  source: AsyncIterable<unknown>,
  what: string,
): AsyncGenerator<unknown, void, void> {
  const splitter = new Splitter(what);
  for await (const chunk of source) yield* splitter.take(asBytes(chunk));
  splitter.end();
}

/** Splits the text of a list into its elements. Each element's text is then parsed as a whole. */
class Splitter {
  readonly #what: string;
  /** The number of open brackets and braces. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The text so far of the current element or, outside the list, of the surrounding text. */
  #pieces: Buffer[] = [];
  #length = 0;
  #hasElements = false;
  #isClosed = false;

  constructor(what: string) {
    this.#what = what;
  }

  *take(chunk: Buffer): Generator<unknown, void, void> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) this.#isInString = false;
      } else if (byte === quote) this.#isInString = true;
      else if (byte === openingBracket || byte === openingBrace) {
        this.#depth += 1;
        if (this.#depth > 1) continue;
        this.#keep(chunk.subarray(from, at));
        if (byte === openingBrace || this.#isClosed || this.#text() !== '') throw this.#isNoList();
        from = at + 1;
      } else if (byte === closingBracket || byte === closingBrace) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        if (byte === closingBrace) throw this.#isNoList();
        this.#keep(chunk.subarray(from, at));
        from = at + 1;
        const last = this.#text();
        if (last !== '' || this.#hasElements) yield this.#parsed(last);
        this.#isClosed = true;
      } else if (byte === comma && this.#depth === 1) {
        this.#keep(chunk.subarray(from, at));
        from = at + 1;
        yield this.#parsed(this.#text());
      }
    }
    this.#keep(chunk.subarray(from));
  }

  /** Go encodes a nil slice as `null`. */
  end(): void {
    const rest = this.#text();
    if (this.#depth !== 0 || rest !== (this.#isClosed ? '' : 'null')) throw this.#isNoList();
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > maxLineBytes)
      throw new EngineProtocolError(
        `${this.#what}: the answer has an element of more than ${maxLineBytes} bytes`,
      );
    if (piece.length > 0) this.#pieces.push(piece);
  }

  #text(): string {
    const text = Buffer.concat(this.#pieces, this.#length).toString('utf8').trim();
    this.#pieces = [];
    this.#length = 0;
    return text;
  }

  #parsed(text: string): unknown {
    this.#hasElements = true;
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw this.#isNoList(cause);
    }
  }

  #isNoList(cause?: unknown): EngineProtocolError {
    return new EngineProtocolError(`${this.#what}: the answer is not a list in JSON`, cause);
  }
}
