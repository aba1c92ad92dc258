import PQueue from 'p-queue';
import type {
  ImageRecord,
  ImageService,
  Logger,
  LongRunningOptions,
  RequestContext,
} from '../../interfaces/index.js';
import { ImageNotActive, ImageUnacceptable } from '../../interfaces/index.js';
import {
  EngineError,
  imageReference,
  repositoryName,
  tagName,
  type Engine,
  type ImageReference,
} from '../engine/index.js';
import { repository } from '../labels.js';
import { takeTurn } from '../streams/index.js';
import { defaultImageLimits, rewriteArchive, type ImageLimits } from './archive/index.js';
import { mustBeLoaded } from './loaded-image.js';
import { SingleFlight, type FlightControls } from './single-flight.js';
import { answerWasLost, discardImage, removeTemporaryImages, temporaryName } from './temporary-image.js';

/** What an {@link ImageLoader} needs. */
export interface ImageLoaderOptions {
  readonly engine: Engine;
  readonly imageService: ImageService;
  /** The compute host: several may share an engine, and each clears away only its own. */
  readonly host: string;
  /** What an image may be at most, where it differs from the default. */
  readonly limits?: Partial<ImageLimits>;
  /** Images that the engine loads at once; default 2. */
  readonly concurrency?: number;
  readonly logger: Logger;
}

/**
 * The name that an image has in the engine, once it is loaded. It follows from the image's id and from nothing else: what an archive calls itself, or
 * an image service calls the image, could be anybody's.
 *
 * @throws InvalidInput when the id cannot be a tag: letters, digits, `_`, `.` and `-`, 128 at most.
 */
export function bootReference(image_id: string): ImageReference {
  return imageReference(repository.image, image_id);
}

/** Brings images from the image service into the engine. */
export class ImageLoader {
  readonly #engine: Engine;
  readonly #imageService: ImageService;
  readonly #host: string;
  readonly #limits: ImageLimits;
  readonly #logger: Logger;
  readonly #flights: SingleFlight<ImageReference>;
  readonly #queue: PQueue;

  constructor(options: ImageLoaderOptions) {
    this.#engine = options.engine;
    this.#imageService = options.imageService;
    this.#host = options.host;
    this.#limits = { ...defaultImageLimits, ...options.limits };
    this.#logger = options.logger;
    this.#flights = new SingleFlight(options.logger);
    this.#queue = new PQueue({ concurrency: options.concurrency ?? 2 });
  }

  /**
   * Loads an image, in one stream from the image service to the engine, verified on the way. However many callers want it at the same time, it is
   * fetched once. When it fails, the engine has what it had before.
   *
   * @param options - `signal`: the caller stops waiting, and the last one to do so ends the work; `onProgress`: `downloading` with bytes, then
   * `loading` while the engine unpacks.
   * @returns the image's name in the engine, see {@link bootReference}.
   * @throws InvalidInput, ImageNotFound, ImageNotAuthorized, ImageNotActive, or ImageUnacceptable, which says what is wrong with the image;
   * what the image service or the engine fail with; the signal's reason when that aborts.
   */
  async load(
    context: RequestContext,
    image_id: string,
    options: LongRunningOptions = {},
  ): Promise<ImageReference> {
    const reference = bootReference(image_id);
    return await this.#flights.join(image_id, options, async (controls) => {
      const record = await this.#imageService.show(context, image_id, { signal: controls.signal });
      mustBeBootable(record, this.#limits);
      await takeTurn(this.#queue, controls.signal, () => this.#transfer(context, record, controls));
      return reference;
    });
  }

  /**
   * Removes what a crash of this host left in the engine: images that were being loaded, or saved as snapshots. Only while the host does nothing
   * else.
   *
   * @throws what the engine fails with when it is asked for its images.
   */
  async removeLeftovers(): Promise<void> {
    await removeTemporaryImages(this.#engine, this.#host, this.#logger);
  }

  async #transfer(
    context: RequestContext,
    { id }: ImageRecord,
    { signal, onProgress }: FlightControls,
  ): Promise<void> {
    const began = performance.now();
    const temporary = temporaryName(repository.loading, this.#host);
    const source = await this.#imageService.download(context, id, { signal, onProgress });
    const { archive, image } = rewriteArchive(source, {
      subject: `Image ${id}`,
      reference: temporary.reference,
      limits: this.#limits,
      signal,
    });
    archive.once('end', () => onProgress({ phase: 'loading', bytes: 0 }));
    let answerLost = false;
    try {
      // The signal ends the archive, not the call: once the engine has all of it, it goes on without its client, and undoing would find nothing yet.
      await this.#engine.images.load(archive).catch((error: unknown) => {
        answerLost = answerWasLost(error);
        throw refusedByEngine(id, error);
      });
      signal.throwIfAborted();
      const expected = await image;
      mustBeLoaded(id, expected, await this.#engine.images.inspect(temporary.reference, { signal }));
      await this.#engine.images.tag(temporary.reference, {
        repo: repositoryName(repository.image),
        tag: tagName(id),
      });
      this.#logger.info('loaded an image', {
        image_id: id,
        engine_id: expected.id,
        milliseconds: Math.round(performance.now() - began),
      });
    } finally {
      // Before its end an archive has no manifest, and the engine nothing to make an image of.
      if (archive.readableEnded) await discardImage(this.#engine, temporary, answerLost, this.#logger);
      archive.destroy();
    }
  }
}

/** @throws ImageNotActive, ImageUnacceptable when there is no use in fetching it. */
function mustBeBootable(
  { id, status, container_format, size }: ImageRecord,
  { maxBytes }: ImageLimits,
): void {
  if (status !== 'active') throw new ImageNotActive(`Image ${id} is ${status}, not active`);
  if (container_format !== 'docker')
    throw new ImageUnacceptable(
      `Image ${id} has the container format ${String(container_format)}: only docker can be booted`,
    );
  if (size !== null && size > maxBytes)
    throw new ImageUnacceptable(`Image ${id} has ${size} bytes: ${maxBytes} are allowed`);
}

/** What the operating system calls it when the host lacks something: no fault of the image. */
const hostTrouble =
  /no space left on device|disk quota exceeded|input\/output error|read-only file system|cannot allocate memory|too many open files/i;

/** An engine that refuses an archive does so in the course of its answer; all else is not about the image. */
function refusedByEngine(image_id: string, error: unknown): unknown {
  if (!(error instanceof EngineError) || !error.inBand || hostTrouble.test(error.engineMessage)) return error;
  return new ImageUnacceptable(`Image ${image_id} is refused by the engine: ${error.engineMessage}`, {
    cause: error,
  });
}
