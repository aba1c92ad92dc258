import type { ByteReader } from './byte-reader.js';
import type { Run } from './sparse-map.js';

/** What holes read as, piece by piece. */
const zeros: Buffer = Buffer.alloc(64 * 1024);

/** The unread content of an entry. The holes of a sparse file read as zeros. */
export class EntryContent {
  readonly #bytes: ByteReader;
  readonly #runs: Iterator<Run>;
  #left: number;
  #run: { left: number; isHole: boolean } = { left: 0, isHole: false };

  /** @param runs - the content in order; no run is empty. */
  constructor(bytes: ByteReader, runs: readonly Run[]) {
    this.#bytes = bytes;
    this.#runs = runs[Symbol.iterator]();
    this.#left = runs.reduce((sum, { bytes: length }) => sum + length, 0);
  }

  /** Bytes that are not read yet, holes included. */
  get left(): number {
    return this.#left;
  }

  /**
   * Returns the next bytes, valid until the next call.
   *
   * @param most - the maximum number of bytes; the result has at least one.
   * @returns undefined where the archive ends, or at the end of the content.
   */
  async some(most: number): Promise<Buffer | undefined> {
    if (this.#run.left === 0) {
      const next = this.#runs.next();
      if (next.done === true) return undefined;
      this.#run = { left: next.value.bytes, isHole: next.value.isHole };
    }
    const wanted = Math.min(most, this.#run.left);
    const piece = this.#run.isHole ? zeros.subarray(0, wanted) : await this.#bytes.some(wanted);
    this.#run.left -= piece?.length ?? 0;
    this.#left -= piece?.length ?? 0;
    return piece;
  }
}
