import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { ImageUnacceptable, NovaException } from '../../../interfaces/index.js';
import type { Engine } from '../../engine/index.js';
import { bootReference, type Hold, type ImageHolds } from '../references/index.js';
import { baseOf, baseRecord, maxImagesInChain } from './base-image.js';
import { firstWithAnnotations } from './containerd-store.js';
import { layersOf, type LayersInEngine } from './layers-in-engine.js';
import type { ShownImage } from '../../image-services/index.js';

/** Dependencies of {@link BaseChain.find}. */
interface BaseChainOptions {
  readonly engine: Engine;
  readonly layers: LayersInEngine;
  readonly imageService: ImageService;
  readonly context: RequestContext;
  readonly holds: ImageHolds;
  readonly signal: AbortSignal | undefined;
}

/**
 * The images below an image, down to the first one that the engine has. Each is held, so that the driver does not
 * remove it.
 */
export class BaseChain {
  readonly #holds: Hold[] = [];
  readonly #missing: ShownImage[] = [];

  private constructor() {
    // Instances are created by `find` only.
  }

  /**
   * Finds the images below an image. Walks the whole chain before anything is fetched: fetches of two images that name
   * each other as base would deadlock.
   *
   * @throws the errors of {@link baseRecord}.
   * @throws ImageUnacceptable when the chain is too long or contains the image itself.
   * @throws NovaException when this host's engine cannot load an image on top of a base.
   */
  static async find(image: ShownImage, options: BaseChainOptions): Promise<BaseChain> {
    const chain = new BaseChain();
    try {
      await chain.#walk(image, options);
      return chain;
    } catch (error) {
      await chain.abandon();
      throw error;
    }
  }

  /** The images that the engine lacks, in load order. */
  get missing(): readonly ShownImage[] {
    return this.#missing;
  }

  /** Ends the holds after the image was loaded. The bases stay for other images. */
  keep(): void {
    for (const { keep } of this.#holds) keep();
  }

  /** Ends the holds after the load failed. Bases that were loaded for it are removed. */
  async abandon(): Promise<void> {
    for (const { abandon } of this.#holds) await abandon();
  }

  async #walk(image: ShownImage, options: BaseChainOptions): Promise<void> {
    const { engine, layers, imageService, context, holds, signal } = options;
    const seen = new Set([image.id]);
    let above = image;
    if (baseOf(above) !== undefined && !(await layers.canLoadInParts(signal)))
      throw new NovaException(
        `Image ${image.id} is a delta, and this host's engine, with the containerd image store, is too old to load deltas: use a later engine (API ${firstWithAnnotations}) or the classic image store, or save snapshots in full`,
      );
    for (let base = baseOf(above); base !== undefined; base = baseOf(above)) {
      if (seen.has(base.image_id)) throw new ImageUnacceptable(`Image ${image.id} is its own base image`);
      if (seen.size >= maxImagesInChain)
        throw new ImageUnacceptable(
          `Image ${image.id} has ${seen.size} or more images in its chain of base images: ${maxImagesInChain - 1} are allowed`,
        );
      seen.add(base.image_id);
      above = await baseRecord(imageService, context, above, base, signal);
      this.#holds.unshift(await holds.take(bootReference(base.image_id), signal));
      if ((await layersOf(engine, base.image_id, signal)) !== undefined) return;
      this.#missing.unshift(above);
    }
  }
}
