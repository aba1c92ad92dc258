import { asBytes } from '../streams/index.js';
import type { ByteBudget } from './limits.js';

const nothing: Buffer = Buffer.alloc(0);

/**
 * Reads a byte stream in sizes that the caller chooses. The stream may reuse its buffers. The caller must close the
 * reader.
 */
export class ByteReader {
  readonly #source: AsyncIterator<unknown>;
  #budget: ByteBudget | undefined;
  #chunk: Buffer = nothing;

  /** @param budget - charged for every byte that arrives. */
  constructor(source: AsyncIterable<unknown>, budget?: ByteBudget) {
    this.#source = source[Symbol.asyncIterator]();
    this.#budget = budget;
  }

  /**
   * Returns the next bytes, valid until the next call.
   *
   * @param most - the maximum number of bytes; the result has at least one.
   * @returns undefined at the end.
   */
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

  /**
   * Returns the next bytes as a copy.
   *
   * @param bytes - the number of bytes; the result is shorter only at the end.
   */
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

  /** Like {@link read}, but does not consume the bytes. */
  async peek(bytes: number): Promise<Buffer> {
    const head = await this.read(bytes);
    this.#chunk = this.#chunk.length === 0 ? head : Buffer.concat([head, this.#chunk]);
    return head;
  }

  /** Charges a budget for every byte that is not consumed yet. */
  charge(budget: ByteBudget): void {
    this.#budget = budget;
    budget.spend(this.#chunk.length);
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Yields all remaining bytes. */
  async *rest(): AsyncGenerator<Buffer, void, void> {
    for (let piece = await this.some(Infinity); piece !== undefined; piece = await this.some(Infinity)) {
      yield piece;
    }
  }
}
