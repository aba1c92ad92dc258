import { createHash } from 'node:crypto';
import { unpacking, type Compression, type Unpacking } from './compression.js';
import { LayerHeaders } from './layer-headers.js';
import type { ByteBudget } from './limits.js';

/** What a layer's bytes turned out to be. */
export interface LayerDigests {
  /** `sha256:` and the digest of the layer unpacked: what configurations name layers by. */
  readonly diffId: string;
  /** The digest of the bytes as they are, in hexadecimal: what files are named by in the OCI layout. */
  readonly blob: string;
}

/** Computes a layer's digests while its bytes flow by, and looks at what it holds. Its owner must destroy it. */
export class LayerDigest {
  readonly #blob = createHash('sha256');
  /** For a layer that is compressed; the two digests of any other are one. */
  readonly #unpacked:
    { readonly hash: ReturnType<typeof createHash>; readonly unpacking: Unpacking } | undefined;
  readonly #headers: LayerHeaders;
  readonly #budget: ByteBudget;

  /**
   * @param what - the layer, as the beginning of a sentence's rest: `holds "a", which`.
   * @param compression - how it is compressed, if it is.
   * @param budget - charged for every byte that a compressed layer unpacks to.
   */
  constructor(what: string, compression: Compression | undefined, budget: ByteBudget) {
    if (compression !== undefined)
      this.#unpacked = {
        hash: createHash('sha256'),
        // Engines with containerd's store fail at padding.
        unpacking: unpacking(compression, what, { mayBePadded: false }),
      };
    this.#headers = new LayerHeaders(what);
    this.#budget = budget;
  }

  /** @throws ArchiveRefused when it cannot be unpacked, goes beyond the budget, or holds what no layer may. */
  async update(chunk: Buffer): Promise<void> {
    this.#blob.update(chunk);
    if (this.#unpacked === undefined) this.#headers.take(chunk);
    else await this.#take(this.#unpacked.unpacking.unpack(chunk));
  }

  async finish(): Promise<LayerDigests> {
    const blob = this.#blob.digest('hex');
    if (this.#unpacked === undefined) return { diffId: `sha256:${blob}`, blob };
    await this.#take(this.#unpacked.unpacking.finish());
    return { diffId: `sha256:${this.#unpacked.hash.digest('hex')}`, blob };
  }

  destroy(): void {
    this.#unpacked?.unpacking.destroy();
  }

  async #take(unpacked: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of unpacked) {
      this.#budget.spend(piece.length);
      this.#unpacked?.hash.update(piece);
      this.#headers.take(piece);
    }
  }
}
