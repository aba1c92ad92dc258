import PQueue from 'p-queue';
import {
  type ImageService,
  type Logger,
  type LongRunningOptions,
  type RequestContext,
  ImageNotAuthorized,
  ImageNotFound,
} from '../../interfaces/index.js';
import { defaultImageLimits, type ImageLimits } from '../archives/index.js';
import { undefinedIfNotFound, type Engine, type ImageRef, type ImageReference } from '../engine/index.js';
import { type ImageData, type ShownImage, shownRecord } from '../image-services/index.js';
import { Slot } from '../streams/index.js';
import { removeUnusedImages, type UnusedImages } from './image-cache.js';
import { BaseChain, LayersInEngine } from './layers/index.js';
import { validateBootable, loadImage } from './load-image.js';
import { bootReference, ImageHolds, removeTemporaryImages } from './references/index.js';
import { SharedDirectory } from './shared-directory/index.js';
import { SingleFlight, type FlightControls } from './single-flight.js';

/** Dependencies and limits of an {@link ImageLoader}. */
export interface ImageLoaderOptions {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** Name of the compute host. Hosts that share an engine clean up only their own temporary images. */
  readonly host: string;
  /** Limits of an image; fields left out default to {@link defaultImageLimits}. */
  readonly limits?: Partial<ImageLimits>;
  /** Number of images that the engine loads at the same time. Default: {@link defaultConcurrency}. */
  readonly concurrency?: number;
  /**
   * Absolute path of a directory of image files, each named by its image's id. The loader tries it before the image
   * service.
   */
  readonly sharedDirectory?: string | undefined;
  /** Whether the driver has a registry that the engine pushes snapshots to. Default: false. */
  readonly hasRegistry?: boolean;
  readonly logger: Logger;
}

/** Default number of concurrent loads. More loads at once only make each of them slower. */
export const defaultConcurrency = 2;

/**
 * An image in the engine that the caller is about to boot. The driver does not remove it until the caller calls `keep`
 * or `abandon`. Only the first of these calls counts.
 */
export interface HeldImage {
  /** The image's reference in the engine, see {@link bootReference}. */
  readonly reference: ImageReference;
  /**
   * Loads the image after the engine has reported it missing. The data is streamed from the image service or the shared
   * directory to the engine and verified on the way. Concurrent callers share one fetch, made in the first caller's
   * name; each caller must be allowed to read the image.
   *
   * @param options - `signal`: the caller stops waiting, and the last caller to do so cancels the work. `onProgress`:
   * reports `downloading` in bytes, then `loading` while the engine unpacks.
   * @returns whether the image was fetched; false when the engine has it already.
   * @throws ImageNotFound, ImageNotAuthorized or ImageNotActive when the caller cannot have the image.
   * @throws ImageUnacceptable when the image is invalid; the message says why.
   * @throws the error of the image service or the engine, or the signal's reason when the signal aborts.
   */
  readonly load: (context: RequestContext, options?: LongRunningOptions) => Promise<boolean>;
  /** Ends the hold after a successful boot: the image stays in the engine. */
  readonly keep: () => void;
  /**
   * Ends the hold without a boot. The last hold's end removes the image if it was loaded for these holds. An image that
   * was there before, was kept by another hold or is used by a container stays.
   */
  readonly abandon: () => Promise<void>;
}

/** Loads images from the image service into the engine. */
export class ImageLoader {
  readonly #engine: Engine;
  readonly #imageService: ImageService;
  readonly #host: string;
  readonly #limits: ImageLimits;
  readonly #hasRegistry: boolean;
  readonly #logger: Logger;
  readonly #holds: ImageHolds;
  readonly #flights = new SingleFlight<boolean>();
  readonly #queue: PQueue;
  readonly #layers: LayersInEngine;
  readonly #sharedDirectory: SharedDirectory | undefined;

  constructor(options: ImageLoaderOptions) {
    this.#engine = options.engine;
    this.#imageService = options.imageService;
    this.#host = options.host;
    this.#limits = { ...defaultImageLimits, ...options.limits };
    this.#hasRegistry = options.hasRegistry === true;
    this.#logger = options.logger;
    this.#holds = new ImageHolds(options.engine, options.logger);
    this.#queue = new PQueue({ concurrency: options.concurrency ?? defaultConcurrency });
    this.#layers = new LayersInEngine(options.engine, options.imageService);
    if (options.sharedDirectory !== undefined)
      this.#sharedDirectory = new SharedDirectory(options.sharedDirectory, options.logger);
  }

  /**
   * Holds an image that the caller is about to boot, whether or not the engine has it. Sends no request to the engine.
   *
   * @throws InvalidInput when the id is not a valid tag.
   * @throws the signal's reason when the signal aborts while the hold waits for a removal of the image.
   */
  async hold(image_id: string, signal?: AbortSignal): Promise<HeldImage> {
    const reference = bootReference(image_id);
    const { keep, abandon } = await this.#holds.take(reference, signal);
    return {
      reference,
      load: (context, options = {}) => this.#fetch(context, image_id, options),
      keep,
      abandon,
    };
  }

  /**
   * Loads an image ahead of any boot, unless the engine has it. On failure the engine holds the same images as before.
   *
   * @returns whether the image was fetched; false when the engine had it, in which case the image service gets no
   * request.
   * @throws InvalidInput when the id is not a valid tag.
   * @throws the errors of {@link HeldImage.load}.
   */
  async load(context: RequestContext, image_id: string, options: LongRunningOptions = {}): Promise<boolean> {
    const image = await this.hold(image_id, options.signal);
    try {
      const isFetched =
        !(await this.#isThere(image.reference, options.signal)) && (await image.load(context, options));
      image.keep();
      return isFetched;
    } catch (error) {
      await image.abandon();
      throw error;
    }
  }

  /**
   * Removes temporary images that a crash of this host left in the engine: images that were being loaded, or saved as
   * snapshots. Failed removals are logged.
   *
   * @param before - when the host began to serve, in milliseconds since 1970, see {@link steadyNow}. Images named later
   * are in use. Default: no limit, for a host that is not serving yet.
   * @returns the references of the removed images.
   * @throws EngineError when the engine cannot list its images.
   * @throws the signal's reason when the signal aborts.
   */
  async removeLeftovers(signal?: AbortSignal, before?: number): Promise<ImageRef[]> {
    const leftovers = { host: this.#host, before, hasRegistry: this.#hasRegistry };
    return await removeTemporaryImages(this.#engine, leftovers, this.#logger, signal);
  }

  /**
   * Removes images that this driver loaded and that have been unused for long enough, see {@link removeUnusedImages}.
   *
   * @throws EngineError when the engine cannot list images or containers.
   * @throws the signal's reason when the signal aborts.
   */
  async removeUnused(unused: UnusedImages): Promise<void> {
    await removeUnusedImages({ engine: this.#engine, holds: this.#holds, logger: this.#logger }, unused);
  }

  async #fetch(context: RequestContext, image_id: string, options: LongRunningOptions): Promise<boolean> {
    const record = await shownRecord(this.#imageService, context, image_id, options.signal);
    validateBootable(record, this.#limits);
    const bases = await BaseChain.find(record, {
      engine: this.#engine,
      layers: this.#layers,
      imageService: this.#imageService,
      context,
      holds: this.#holds,
      signal: options.signal,
    });
    try {
      for (const base of bases.missing) {
        validateBootable(base, this.#limits);
        await this.#fetchOnce(context, base, options);
      }
      const isFetched = await this.#fetchOnce(context, record, options);
      bases.keep();
      return isFetched;
    } catch (error) {
      await bases.abandon();
      throw error;
    }
  }

  /** Shares one fetch among concurrent callers. The image service has shown the record to each of them. */
  async #fetchOnce(
    context: RequestContext,
    record: ShownImage,
    options: LongRunningOptions,
  ): Promise<boolean> {
    const flight = { isOurs: false };
    for (;;) {
      try {
        return await this.#flights.join(record.id, options, async (controls) => {
          flight.isOurs = true;
          // Another flight may have loaded the image while this caller waited for the image service.
          if (await this.#isThere(bootReference(record.id), controls.signal)) return false;
          using _slot = await Slot.acquire(this.#queue, controls.signal);
          await this.#transfer(context, record, controls);
          return true;
        });
      } catch (error) {
        const isForbidden = error instanceof ImageNotAuthorized || error instanceof ImageNotFound;
        // The image service refused the other caller, but may allow this one: retry in this caller's name.
        if (flight.isOurs || !isForbidden) throw error;
      }
    }
  }

  async #isThere(image: ImageReference, signal: AbortSignal | undefined): Promise<boolean> {
    return (await undefinedIfNotFound(this.#engine.images.inspect(image, { signal }))) !== undefined;
  }

  async #transfer(context: RequestContext, record: ShownImage, controls: FlightControls): Promise<void> {
    const began = performance.now();
    const load = (data: ImageData): Promise<boolean> =>
      loadImage({
        engine: this.#engine,
        host: this.#host,
        limits: this.#limits,
        layers: this.#layers,
        context,
        record,
        data,
        holds: this.#holds,
        logger: this.#logger,
        ...controls,
      });
    const fromFile = await this.#sharedDirectory?.use(record, controls.signal, load);
    const isInParts =
      fromFile ??
      (await load({
        isBelieved: true,
        download: (options) => this.#imageService.download(context, record.id, options),
      }));
    this.#layers.note(record);
    this.#logger.info('loaded an image', {
      image_id: record.id,
      from: fromFile === undefined ? 'image service' : 'shared directory',
      inParts: isInParts,
      milliseconds: Math.round(performance.now() - began),
    });
  }
}
