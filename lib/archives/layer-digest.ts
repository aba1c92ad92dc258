import { createHash } from 'node:crypto';
import { unpacking, type Compression, type Unpacking } from './compression.js';
import { LayerHeaders } from './layer-headers.js';
import type { ByteBudget } from './limits.js';

/** The digests of a layer. */
export interface LayerDigests {
  /** `sha256:` and the digest of the unpacked layer. Configurations reference layers by it. */
  readonly diffId: string;
  /** The digest of the stored bytes in hexadecimal. The OCI layout names files by it. */
  readonly blob: string;
}

/** Computes a layer's digests and validates its headers while its bytes stream through. The caller must destroy it. */
export class LayerDigest {
  readonly #blob = createHash('sha256');
  /** Defined only for a compressed layer; otherwise both digests are the same. */
  readonly #unpacked:
    { readonly hash: ReturnType<typeof createHash>; readonly unpacking: Unpacking } | undefined;
  readonly #headers: LayerHeaders;
  readonly #budget: ByteBudget;

  /**
   * @param what - names the layer in error messages, as the start of a predicate: `holds "a", which`.
   * @param compression - the layer's compression; undefined if it is not compressed.
   * @param budget - charged for every byte that a compressed layer unpacks to, and for every entry.
   */
  constructor(what: string, compression: Compression | undefined, budget: ByteBudget) {
    if (compression !== undefined)
      this.#unpacked = {
        hash: createHash('sha256'),
        // Engines with containerd's image store fail on padding.
        unpacking: unpacking(compression, what, { mayBePadded: false }),
      };
    this.#headers = new LayerHeaders(what, budget);
    this.#budget = budget;
  }

  /**
   * Processes a chunk.
   *
   * @throws ArchiveRefused when the layer cannot be decompressed, exceeds the budget, or has a malformed or refused
   * entry.
   */
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
