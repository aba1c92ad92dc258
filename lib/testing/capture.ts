/** What passed in one direction, kept up to a limit. */
export class Capture {
  /** The chunks as they came; empty once the limit is passed. */
  readonly chunks: Buffer[] = [];
  /** How many bytes there were, kept or not. */
  bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether nothing had to be dropped. */
  get whole(): boolean {
    return this.bytes <= this.#limit;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.whole) {
      // A copy: the chunk may be a small window on a large buffer.
      this.chunks.push(Buffer.from(chunk));
    } else {
      this.chunks.length = 0;
    }
  }
}
