import { createGunzip } from 'node:zlib';
import { codeOf } from '../streams/index.js';
import { ArchiveRefused } from './archive-refused.js';

/**
 * Bytes passed to zlib at once. Each piece costs a round trip to the thread pool, and its decompressed data, up to a
 * thousand times as large, is held in memory.
 */
const pieceSize = 16 * 1024;
const outputSize = 256 * 1024;

/** Decompresses gzip data of one or several members, and refuses other data after it. The caller must destroy it. */
export class Gunzip {
  readonly #what: string;
  readonly #gunzip = createGunzip({ chunkSize: outputSize });
  readonly #unpacked: Buffer[] = [];
  /** Resolves at the end of the gzip data. */
  readonly #ended: Promise<void>;
  readonly #mayBePadded: boolean;
  #fed = 0;

  /**
   * @param what - names the data in error messages, as the start of a predicate: `has the layer "a", which`.
   * @param mayBePadded - whether zeros may follow the data. Tapes and tools pad with zeros, and gzip skips them.
   */
  constructor(what: string, mayBePadded: boolean) {
    this.#what = what;
    this.#mayBePadded = mayBePadded;
    this.#gunzip.on('data', (chunk: Buffer) => this.#unpacked.push(chunk));
    this.#ended = new Promise((resolve, reject) => {
      this.#gunzip.once('end', resolve);
      this.#gunzip.once('error', reject);
    });
    // The next call reports the error; without this handler it would be an unhandled rejection before that.
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
      // At zeros after the gzip data zlib ends, and never completes a later write.
      await this.#unlessDamaged(Promise.race([taken, this.#ended]));
      yield* this.#unpacked.splice(0);
      this.#validateEnd(piece);
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

  /** @throws ArchiveRefused when zlib left bytes of the piece unread, unless they are permitted padding. */
  #validateEnd(piece: Buffer): void {
    const rest = piece.subarray(Math.max(0, piece.length - (this.#fed - this.#gunzip.bytesWritten)));
    if (rest.length > 0 && !(this.#mayBePadded && rest.every((byte) => byte === 0)))
      throw new ArchiveRefused(`${this.#what} has data after the end of its gzip data`);
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
