import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { ImageUnacceptable, NovaException } from '../../../interfaces/index.js';
import type { Engine } from '../../engine/index.js';
import type { Hold } from '../references/index.js';
import { baseOf, baseRecord, mostImagesInChain } from './base-image.js';
import { layersOf, type LayersInEngine } from './layers-in-engine.js';
import type { ShownImage } from '../../image-services/index.js';

/** What is needed to find out what lies below an image. */
interface BaseChainOptions {
  readonly engine: Engine;
  readonly layers: LayersInEngine;
  readonly imageService: ImageService;
  readonly context: RequestContext;
  readonly hold: (image_id: string) => Promise<Hold>;
  readonly signal: AbortSignal | undefined;
}

/**
 * The images that one lies above, down to the first that the engine has: held, so that nobody removes them meanwhile.
 */
export class BaseChain {
  readonly #holds: Hold[] = [];
  readonly #missing: ShownImage[] = [];

  private constructor() {
    // Made by `find` alone.
  }

  /**
   * Finds what lies below an image. It must come to an end here, before anything is fetched: two that wait for each
   * other would wait for good.
   *
   * @throws what {@link baseRecord} throws; ImageUnacceptable when there are too many, or one lies above itself;
   * NovaException when the engine cannot load an image above another.
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

  /** Those that the engine lacks, in the order in which they must be loaded. */
  get missing(): readonly ShownImage[] {
    return this.#missing;
  }

  /** The image was loaded: its bases may be of use for the next one. */
  keep(): void {
    for (const { keep } of this.#holds) keep();
  }

  /** The image was not loaded: what came for its sake goes again. */
  async abandon(): Promise<void> {
    for (const { abandon } of this.#holds) await abandon();
  }

  async #walk(image: ShownImage, options: BaseChainOptions): Promise<void> {
    const { engine, layers, imageService, context, hold, signal } = options;
    const seen = new Set([image.id]);
    let above = image;
    if (baseOf(above) !== undefined && (await layers.isContainerdStore(signal)))
      throw new NovaException(
        `Image ${image.id} holds only what lies above another, and the containerd image store of this host's engine cannot put the two together`,
      );
    for (let base = baseOf(above); base !== undefined; base = baseOf(above)) {
      if (seen.has(base.image_id)) throw new ImageUnacceptable(`Image ${image.id} lies above itself`);
      if (seen.size >= mostImagesInChain)
        throw new ImageUnacceptable(
          `Image ${image.id} lies above ${seen.size} others or more: ${mostImagesInChain - 1} are allowed`,
        );
      seen.add(base.image_id);
      above = await baseRecord(imageService, context, above, base, signal);
      this.#holds.unshift(await hold(base.image_id));
      if ((await layersOf(engine, base.image_id, signal)) !== undefined) return;
      this.#missing.unshift(above);
    }
  }
}
