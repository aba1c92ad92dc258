import type { LayersBelow } from '../../archives/index.js';
import { parsedJson } from '../../common/index.js';
import type { DeltaBase } from './delta-base.js';

/**
 * Recognizes the base's layers while an engine packs an image, before the manifest, which lists them, arrives at the
 * archive's end. The rewriter verifies the guess against the manifest.
 *
 * Engines from version 25 on and Podman name a layer's file by its diff id. Older engines put it into a folder, after a
 * description in which only the top layer has a container configuration (measured on 20.10). containerd's store names
 * a layer's file by the file's digest.
 */
export class SavedLayers implements LayersBelow {
  readonly #base: DeltaBase;
  /** Digests by which engines name the files of the base's layers. */
  readonly #digests: ReadonlySet<string>;
  readonly #lowerFolders = new Set<string>();

  constructor(base: DeltaBase) {
    this.#base = base;
    this.#digests = new Set(base.stored?.map(({ digest }) => digest) ?? base.layers);
  }

  get layers(): readonly string[] {
    return this.#base.layers;
  }

  /** Records a layer's description. */
  onMetadata(path: string, content: Buffer): void {
    const folder = /^([0-9a-f]{64})\/json$/.exec(path)?.[1];
    const description = folder === undefined ? undefined : parsedJson(content.toString('utf8'));
    if (folder === undefined || typeof description !== 'object' || description === null) return;
    if (!('config' in description)) this.#lowerFolders.add(folder);
  }

  /** Whether a file is a layer of the base. */
  holds(path: string): boolean {
    const folder = /^([0-9a-f]{64})\/layer\.tar$/.exec(path)?.[1];
    if (folder !== undefined) return !this.#base.hasLayerAbove || this.#lowerFolders.has(folder);
    const digest = /(?:^|\/)([0-9a-f]{64})(?:\.tar)?$/.exec(path)?.[1];
    return digest !== undefined && this.#digests.has(`sha256:${digest}`);
  }
}
