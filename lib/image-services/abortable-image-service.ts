import type { Readable } from 'node:stream';
import { z } from 'zod';
import type {
  DownloadOptions,
  ImageFilters,
  ImageMetadata,
  ImageRecord,
  ImageService,
  LongRunningOptions,
  RequestContext,
} from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { DeadlineExceeded, destroyOnAbort, unlessAborted, withDeadline } from '../streams/index.js';

/** Milliseconds that a service which was told to stop may take to undo what it has begun. */
const longestUndoing = 10_000;

/** The options of a question. */
interface Asked {
  readonly signal?: AbortSignal | undefined;
}

/**
 * An image service before another one, which may be an orchestrator's own: it fails with the signal's reason when that
 * aborts, whether the other one heeds it or not.
 */
export class AbortableImageService implements ImageService {
  readonly #service: ImageService;
  readonly #patience: number;

  /** @param patience - milliseconds that a change may take to be undone after it was aborted. */
  constructor(service: ImageService, patience = longestUndoing) {
    this.#service = service;
    this.#patience = patience;
  }

  async show(context: RequestContext, image_id: string, options: Asked = {}): Promise<ImageRecord> {
    return await unlessAborted(this.#service.show(context, image_id, options), options.signal);
  }

  async detail(
    context: RequestContext,
    options: Asked & { readonly filters?: ImageFilters } = {},
  ): Promise<ImageRecord[]> {
    return await unlessAborted(this.#service.detail(context, options), options.signal);
  }

  /** A stream that arrives too late is destroyed, and so is one that nobody waits for any more. */
  async download(
    context: RequestContext,
    image_id: string,
    options: DownloadOptions = {},
  ): Promise<Readable> {
    const { signal } = options;
    const arriving = this.#service.download(context, image_id, options).then((stream) => {
      // It may fail before anybody reads it; whoever does is told as well.
      stream.on('error', () => undefined);
      destroyOnAbort(stream, signal);
      return stream;
    });
    return await unlessAborted(arriving, signal);
  }

  async create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return await this.#changed(this.#service.create(context, metadata, data, options), options.signal);
  }

  async update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    const changing = this.#service.update(context, image_id, metadata, data, options);
    return await this.#changed(changing, options.signal);
  }

  async delete(context: RequestContext, image_id: string, options: Asked = {}): Promise<void> {
    await this.#changed(this.#service.delete(context, image_id, options), options.signal);
  }

  /**
   * None where the service does not tell.
   *
   * @throws NovaException when what it tells is no list of texts.
   */
  async servers(options: Asked = {}): Promise<readonly string[]> {
    const told = await unlessAborted(this.#service.servers?.(options) ?? Promise.resolve([]), options.signal);
    const checked = z.array(z.string()).safeParse(told);
    if (checked.success) return checked.data;
    throw new NovaException("The image service's servers() must tell a list of URLs", {
      cause: checked.error,
    });
  }

  /** A service that heeds the signal first undoes what it has begun, and then says so. */
  async #changed<T>(changing: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await unlessAborted(changing, signal);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return await withDeadline('the undoing', this.#patience, undefined, (within) =>
        unlessAborted(changing, within),
      ).catch((late: unknown) => {
        throw late instanceof DeadlineExceeded ? error : late;
      });
    }
  }
}
