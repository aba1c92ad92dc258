import { createHash } from 'node:crypto';
import { Gunzip } from './gunzip.js';
import type { ByteBudget } from './limits.js';

/** What a layer's bytes turned out to be. */
export interface LayerDigests {
  /** `sha256:` and the digest of the layer unpacked: what configurations name layers by. */
  readonly diffId: string;
  /** The digest of the bytes as they are, in hexadecimal: what files are named by in the OCI layout. */
  readonly blob: string;
}

/** Computes a layer's digests while its bytes flow by. Its owner must destroy it. */
export class LayerDigest {
  readonly #blob = createHash('sha256');
  /** For a layer that is compressed; the two digests of any other are one. */
  readonly #unpacked: { readonly hash: ReturnType<typeof createHash>; readonly gunzip: Gunzip } | undefined;
  readonly #budget: ByteBudget;

  /**
   * @param what - the layer, as the beginning of a sentence's rest: `holds "a", which`.
   * @param budget - charged for every byte that a compressed layer unpacks to.
   */
  constructor(what: string, compressed: boolean, budget: ByteBudget) {
    this.#unpacked = compressed ? { hash: createHash('sha256'), gunzip: new Gunzip(what) } : undefined;
    this.#budget = budget;
  }

  async update(chunk: Buffer): Promise<void> {
    this.#blob.update(chunk);
    if (this.#unpacked !== undefined) await this.#take(this.#unpacked.gunzip.unpack(chunk));
  }

  async finish(): Promise<LayerDigests> {
    const blob = this.#blob.digest('hex');
    if (this.#unpacked === undefined) return { diffId: `sha256:${blob}`, blob };
    await this.#take(this.#unpacked.gunzip.finish());
    return { diffId: `sha256:${this.#unpacked.hash.digest('hex')}`, blob };
  }

  destroy(): void {
    this.#unpacked?.gunzip.destroy();
  }

  async #take(unpacked: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of unpacked) {
      this.#budget.spend(piece.length);
      this.#unpacked?.hash.update(piece);
    }
  }
}
