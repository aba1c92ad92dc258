/** Records the bytes of one direction, up to a limit. */
export class Capture {
  /** The chunks as they arrived; empty when the limit is exceeded. */
  readonly chunks: Buffer[] = [];
  /** The total number of bytes, including dropped ones. */
  bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether all bytes were kept. */
  get whole(): boolean {
    return this.bytes <= this.#limit;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.whole) {
      // A copy: the chunk may be a small view of a large buffer.
      this.chunks.push(Buffer.from(chunk));
    } else {
      this.chunks.length = 0;
    }
  }
}
