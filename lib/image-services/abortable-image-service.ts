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
import { DeadlineExceeded, destroyOnAbort, raceSignal, withDeadline } from '../streams/index.js';

/** Default time in milliseconds that an aborted service has to roll back. */
const defaultRollbackTimeoutMs = 10_000;

/** Options of the operations that only read, and of `delete`. */
interface Asked {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Wraps any image service, also an orchestrator's own, and makes it abortable: an operation rejects with the signal's
 * reason when the signal aborts, even if the wrapped service ignores the signal.
 */
export class AbortableImageService implements ImageService {
  readonly #service: ImageService;
  readonly #rollbackTimeoutMs: number;

  /** @param rollbackTimeoutMs - milliseconds to wait for the rollback of an aborted change. */
  constructor(service: ImageService, rollbackTimeoutMs = defaultRollbackTimeoutMs) {
    this.#service = service;
    this.#rollbackTimeoutMs = rollbackTimeoutMs;
  }

  async show(context: RequestContext, image_id: string, options: Asked = {}): Promise<ImageRecord> {
    return await raceSignal(this.#service.show(context, image_id, options), options.signal);
  }

  async detail(
    context: RequestContext,
    options: Asked & { readonly filters?: ImageFilters } = {},
  ): Promise<ImageRecord[]> {
    return await raceSignal(this.#service.detail(context, options), options.signal);
  }

  /** Destroys the stream when the signal aborts, also a stream that the service returns only after the abort. */
  async download(
    context: RequestContext,
    image_id: string,
    options: DownloadOptions = {},
  ): Promise<Readable> {
    const { signal } = options;
    const arriving = this.#service.download(context, image_id, options).then((stream) => {
      // A stream that fails without an error listener ends the process. Its reader still receives the error.
      stream.on('error', () => undefined);
      destroyOnAbort(stream, signal);
      return stream;
    });
    return await raceSignal(arriving, signal);
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
   * Returns an empty list if the wrapped service has no `servers` method.
   *
   * @throws NovaException when the service returns something other than a list of strings.
   */
  async servers(options: Asked = {}): Promise<readonly string[]> {
    const servers = await raceSignal(this.#service.servers?.(options) ?? Promise.resolve([]), options.signal);
    const checked = z.array(z.string()).safeParse(servers);
    if (checked.success) return checked.data;
    throw new NovaException("The image service's servers() must return a list of URLs", {
      cause: checked.error,
    });
  }

  /**
   * After an abort, waits for the service to roll back and settles as the service does. If the service takes longer
   * than `rollbackTimeoutMs`, throws the signal's reason.
   */
  async #changed<T>(changing: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await raceSignal(changing, signal);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return await withDeadline(
        'the rollback of the image service',
        this.#rollbackTimeoutMs,
        undefined,
        (within) => raceSignal(changing, within),
      ).catch((late: unknown) => {
        throw late instanceof DeadlineExceeded ? error : late;
      });
    }
  }
}
