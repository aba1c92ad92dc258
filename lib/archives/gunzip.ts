import { createGunzip } from 'node:zlib';
import { codeOf } from '../streams/index.js';
import { ArchiveRefused } from './archive-refused.js';

/** Bytes unpacked at once: each piece costs a turn of another thread, and a thousandfold of it, at worst, memory. */
const pieceSize = 16 * 1024;
const outputSize = 256 * 1024;

/** Unpacks gzip data, of one member or several, and nothing but gzip data. Its owner must destroy it. */
export class Gunzip {
  readonly #what: string;
  readonly #gunzip = createGunzip({ chunkSize: outputSize });
  readonly #unpacked: Buffer[] = [];
  /** Resolves at the end of the gzip data. */
  readonly #ended: Promise<void>;
  readonly #mayBePadded: boolean;
  #fed = 0;

  /**
   * @param what - the data, as the beginning of a sentence's rest: `has the layer "a", which`.
   * @param mayBePadded - whether zeros may follow, which tapes and tools fill up with and gzip passes over.
   */
  constructor(what: string, mayBePadded: boolean) {
    this.#what = what;
    this.#mayBePadded = mayBePadded;
    this.#gunzip.on('data', (chunk: Buffer) => this.#unpacked.push(chunk));
    this.#ended = new Promise((resolve, reject) => {
      this.#gunzip.once('end', resolve);
      this.#gunzip.once('error', reject);
    });
    // Heard of at the next call; until then it is no unhandled rejection.
    this.#ended.catch(() => undefined);
  }

  /** @see Unpacking.unpack */
  async *unpack(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < chunk.length; at += pieceSize) {
      const piece = chunk.subarray(at, at + pieceSize);
      this.#fed += piece.length;
      const taken = new Promise<void>((resolve) => {
        this.#gunzip.write(piece, () => resolve());
      });
      // zlib stops at zeros after the end, and never takes what follows.
      await this.#unlessDamaged(Promise.race([taken, this.#ended]));
      yield* this.#unpacked.splice(0);
      this.#mustEnd(piece);
    }
  }

  /** @see Unpacking.finish */
  async *finish(): AsyncGenerator<Buffer, void, void> {
    this.#gunzip.end();
    await this.#unlessDamaged(this.#ended);
    yield* this.#unpacked.splice(0);
  }

  destroy(): void {
    this.#gunzip.destroy();
  }

  /** Looks at what zlib has not taken of a piece. */
  #mustEnd(piece: Buffer): void {
    const rest = piece.subarray(Math.max(0, piece.length - (this.#fed - this.#gunzip.bytesWritten)));
    if (rest.length > 0 && !(this.#mayBePadded && rest.every((byte) => byte === 0)))
      throw new ArchiveRefused(`${this.#what} goes on after the end of its gzip data`);
  }

  async #unlessDamaged(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (cause) {
      const isShort = codeOf(cause) === 'Z_BUF_ERROR';
      throw new ArchiveRefused(`${this.#what} is ${isShort ? 'truncated' : 'damaged'} gzip data`, cause);
    }
  }
}
