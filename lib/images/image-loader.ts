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
import { repository } from '../common/index.js';
import {
  ifThere,
  mayHaveBeenDone,
  repositoryName,
  tagName,
  type Engine,
  type ImageRef,
  type ImageReference,
} from '../engine/index.js';
import { type ImageData, type ShownImage, shownRecord } from '../image-services/index.js';
import { takeTurn } from '../streams/index.js';
import { removeUnusedImages, type UnusedImages } from './image-cache.js';
import { BaseChain, LayersInEngine } from './layers/index.js';
import { mustBeBootable, loadImage } from './load-image.js';
import { bootReference, ImageHolds, removeTemporaryImages } from './references/index.js';
import { SharedDirectory } from './shared-directory/index.js';
import { SingleFlight, type FlightControls } from './single-flight.js';

/** What an {@link ImageLoader} needs. */
export interface ImageLoaderOptions {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** The compute host: several may share an engine, and each clears away only its own. */
  readonly host: string;
  /** What an image may be at most, where it differs from the default. */
  readonly limits?: Partial<ImageLimits>;
  /** Images that the engine loads at once; default {@link defaultConcurrency}. */
  readonly concurrency?: number;
  /**
   * A directory with files of images, each named by its image's id, tried before the image service; an absolute path.
   */
  readonly sharedDirectory?: string | undefined;
  readonly logger: Logger;
}

/** Images that an engine loads at once unless it is told otherwise: more only make each of them slower. */
export const defaultConcurrency = 2;

/**
 * An image of the engine that somebody is about to boot from: until one of `keep` and `abandon`, of which the first
 * counts, nobody removes it.
 */
export interface HeldImage {
  /** Its name in the engine, see {@link bootReference}. */
  readonly reference: ImageReference;
  /**
   * Loads it, for when the engine says that it has no such image: in one stream from the image service, or the shared
   * directory, to the engine, verified on the way. However many callers want it at the same time, it is fetched once,
   * as the first of them; each must be allowed to read it.
   *
   * @param options - `signal`: the caller stops waiting, and the last one to do so ends the work; `onProgress`:
   * `downloading` with bytes, then `loading` while the engine unpacks.
   * @returns whether it was fetched; false when it is there already.
   * @throws ImageNotFound, ImageNotAuthorized, ImageNotActive, or ImageUnacceptable, which says what is wrong with the
   * image; what the image service or the engine fail with; the signal's reason when that aborts.
   */
  readonly load: (context: RequestContext, options?: LongRunningOptions) => Promise<boolean>;
  /** It is booted from. */
  readonly keep: () => void;
  /**
   * It is of no use: when it came for the sake of those who hold it, the last of them takes it away. One that was there
   * before, that was kept or that a container uses stays.
   */
  readonly abandon: () => Promise<void>;
}

/** Brings images from the image service into the engine. */
export class ImageLoader {
  readonly #engine: Engine;
  readonly #imageService: ImageService;
  readonly #host: string;
  readonly #limits: ImageLimits;
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
    this.#logger = options.logger;
    this.#holds = new ImageHolds(options.engine, options.logger);
    this.#queue = new PQueue({ concurrency: options.concurrency ?? defaultConcurrency });
    this.#layers = new LayersInEngine(options.engine, options.imageService);
    if (options.sharedDirectory !== undefined)
      this.#sharedDirectory = new SharedDirectory(options.sharedDirectory, options.logger);
  }

  /**
   * Holds an image that is about to be booted from, there or not. It asks the engine for nothing.
   *
   * @throws InvalidInput when the id cannot be a tag; the signal's reason when it aborts while the image is just being
   * removed.
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
   * Loads an image that nobody boots from yet, if it is not there. When it fails, the engine has what it had before.
   *
   * @returns whether it was fetched; false when it was there, and then the image service is not asked.
   * @throws InvalidInput when the id cannot be a tag; what {@link HeldImage.load} throws.
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
   * Removes what a crash of this host left in the engine: images that were being loaded, or saved as snapshots.
   *
   * @param before - milliseconds since 1970, see {@link steadyNow}: when the host began to serve. Default: the host does
   * nothing else.
   * @returns the names of those that are gone; which may not be, is in the log.
   * @throws what the engine fails with when it is asked for its images; the signal's reason when that aborts.
   */
  async removeLeftovers(signal?: AbortSignal, before?: number): Promise<ImageRef[]> {
    return await removeTemporaryImages(this.#engine, { host: this.#host, before }, this.#logger, signal);
  }

  /**
   * Removes images that this driver loaded and that nobody on the engine has used for a while, see
   * {@link removeUnusedImages}.
   *
   * @throws what the engine fails with when it is asked; the signal's reason when that aborts.
   */
  async removeUnused(unused: UnusedImages): Promise<void> {
    await removeUnusedImages({ engine: this.#engine, holds: this.#holds, logger: this.#logger }, unused);
  }

  async #fetch(context: RequestContext, image_id: string, options: LongRunningOptions): Promise<boolean> {
    const record = await shownRecord(this.#imageService, context, image_id, options.signal);
    mustBeBootable(record, this.#limits);
    const bases = await BaseChain.find(record, {
      engine: this.#engine,
      layers: this.#layers,
      imageService: this.#imageService,
      context,
      hold: (base) => this.#holds.take(bootReference(base), options.signal),
      signal: options.signal,
    });
    try {
      for (const base of bases.missing) {
        mustBeBootable(base, this.#limits);
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

  /** However many want it at the same time. Each of them has been shown its record. */
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
          // An earlier flight may have landed while this caller asked the image service.
          if (await this.#isThere(bootReference(record.id), controls.signal)) return false;
          await takeTurn(this.#queue, controls.signal, () => this.#transfer(context, record, controls));
          return true;
        });
      } catch (error) {
        const isForbidden = error instanceof ImageNotAuthorized || error instanceof ImageNotFound;
        // What the service refused to another caller it may give to this one.
        if (flight.isOurs || !isForbidden) throw error;
      }
    }
  }

  async #isThere(image: ImageReference, signal: AbortSignal | undefined): Promise<boolean> {
    return (await ifThere(this.#engine.images.inspect(image, { signal }))) !== undefined;
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
        name: (image) => this.#name(image, record.id),
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

  /**
   * Gives an image its lasting name. The signal is not heeded: whoever holds the image takes it away when nobody wants
   * it any more.
   */
  async #name(image: ImageReference, id: string): Promise<void> {
    const reference = bootReference(id);
    try {
      await this.#engine.images.tag(image, { repo: repositoryName(repository.image), tag: tagName(id) });
      this.#holds.markLoaded(reference, 'yes');
    } catch (error) {
      if (mayHaveBeenDone(error)) this.#holds.markLoaded(reference, 'perhaps');
      throw error;
    }
  }
}
