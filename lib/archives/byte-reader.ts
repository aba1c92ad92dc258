import { asBytes } from '../streams/index.js';
import type { ByteBudget } from './limits.js';

const nothing: Buffer = Buffer.alloc(0);

/**
 * Reads a byte stream piece by piece, in sizes that the reader chooses; the stream's pieces may be lent. Its owner must
 * close it.
 */
export class ByteReader {
  readonly #source: AsyncIterator<unknown>;
  readonly #budget: ByteBudget | undefined;
  #chunk: Buffer = nothing;

  /** @param budget - charged for every byte that comes. */
  constructor(source: AsyncIterable<unknown>, budget?: ByteBudget) {
    this.#source = source[Symbol.asyncIterator]();
    this.#budget = budget;
  }

  /** The next bytes, at most so many and at least one, good until the next call; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#chunk = asBytes(next.value);
      this.#budget?.spend(this.#chunk.length);
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }

  /** The next so many bytes, as memory of their own; fewer only at the end. */
  async read(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      const piece = await this.some(missing);
      if (piece === undefined) break;
      pieces.push(Buffer.from(piece));
      missing -= piece.length;
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  /** Like {@link read}, but the bytes are still there for the next call. */
  async peek(bytes: number): Promise<Buffer> {
    const head = await this.read(bytes);
    this.#chunk = this.#chunk.length === 0 ? head : Buffer.concat([head, this.#chunk]);
    return head;
  }

  /** Reads no more: the source is told so. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Buffer, void, void> {
    for (let piece = await this.some(Infinity); piece !== undefined; piece = await this.some(Infinity)) {
      yield piece;
    }
  }
}
