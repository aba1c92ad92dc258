import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  GlanceConnectionFailed,
  ImageNotActive,
  ImageNotAuthorized,
  type DownloadOptions,
  type ImageFilters,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type Logger,
  type LongRunningOptions,
  type RequestContext,
  type VerbOptions,
} from '../../../interfaces/index.js';
import { guardListener, readableOf, unwrapped } from '../../streams/index.js';
import { usableLogger } from '../../common/index.js';
import {
  checkFormats,
  checkMetadata,
  checkQueued,
  checkSameId,
  clip,
  receive,
  Verification,
} from '../shared/index.js';
import { Meter } from '../../progress/index.js';
import { ConnectionBroken } from '../../http/index.js';
import { ContextToken, KeystoneToken, type Credentials } from './credentials.js';
import { ImageServiceProtocolError } from './exceptions.js';
import { GlanceClient } from './glance-client.js';
import { HttpTransport } from './http-transport.js';
import { ImageDownload } from './image-download.js';
import { ImageRecords, type RoutedRecord } from './image-records.js';
import { ImageUploader } from './image-upload.js';
import { settingsOf, type GlanceImageServiceOptions, type Settings } from './options.js';

/**
 * OpenStack's image service, over Image API v2.
 *
 * The option `auth` selects the user. With `context_token`, each call uses the token of its context, so that Glance
 * itself separates projects. Otherwise all calls use one user, whose token is fetched on demand and renewed before it
 * expires. Requests that are safe to repeat are retried, also on other endpoints. An interrupted download resumes where
 * it stopped. Image data is sent only once.
 *
 * In addition to the exceptions named below, every operation throws GlanceConnectionFailed when no endpoint or Keystone
 * answers, ImageNotAuthorized when the token is refused (also when Glance cannot reach Keystone to validate it), and
 * ImageServiceError for error answers that Nova has no exception for. Errors and logs never contain tokens or
 * passwords.
 */
export class GlanceImageService implements ImageService {
  readonly #settings: Settings;
  readonly #credentials: Credentials;
  readonly #logger: Logger;
  readonly #transport: HttpTransport;
  readonly #fresh: HttpTransport;
  readonly #client: GlanceClient;
  readonly #records: ImageRecords;
  readonly #uploader: ImageUploader;

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: GlanceImageServiceOptions) {
    const settings = settingsOf(options);
    const logger = usableLogger(options.logger);
    const transport = new HttpTransport(settings, true);
    const fresh = new HttpTransport(settings, false);
    const credentials = credentialsOf(settings, transport);
    const { maxRetries, timeouts } = settings;
    this.#settings = settings;
    this.#credentials = credentials;
    this.#logger = logger;
    this.#transport = transport;
    this.#fresh = fresh;
    this.#client = new GlanceClient({
      transport,
      fresh,
      credentials,
      maxRetries,
      timeout: timeouts.callMs,
      logger,
    });
    this.#records = new ImageRecords(this.#client);
    this.#uploader = new ImageUploader({ records: this.#records, credentials, settings, logger });
  }

  /**
   * Aborts all running operations except uploads, and closes the connections. The service can be used again afterwards.
   */
  close(): void {
    this.#transport.close();
    this.#fresh.close();
  }

  async show(context: RequestContext, image_id: string, { signal }: VerbOptions = {}): Promise<ImageRecord> {
    return await unwrapped(
      signal,
      async () => (await this.#records.show({ context, signal }, image_id)).record,
    );
  }

  /**
   * Returns the URLs of the image service's endpoints and of Keystone. Asks Keystone if the endpoints come from its
   * catalogue.
   *
   * @throws ImageNotAuthorized when Keystone refuses the credentials.
   * @throws GlanceConnectionFailed when Keystone does not answer.
   */
  async servers({ signal }: VerbOptions = {}): Promise<readonly string[]> {
    const { auth } = this.#settings;
    const endpoints = await this.#credentials.endpoints(signal);
    return auth.type === 'context_token' ? endpoints : [auth.auth_url, ...endpoints];
  }

  /** Omits images that their owner has hidden (`os_hidden`), as everywhere in OpenStack. */
  async detail(
    context: RequestContext,
    { filters, signal }: VerbOptions & { readonly filters?: ImageFilters | undefined } = {},
  ): Promise<ImageRecord[]> {
    return await unwrapped(signal, () => this.#records.list({ context, signal }, filters));
  }

  /** @throws ImageServiceProtocolError when the service sends other bytes than requested. */
  async download(
    context: RequestContext,
    image_id: string,
    options: DownloadOptions = {},
  ): Promise<Readable> {
    return await unwrapped(options.signal, () => this.#download(context, image_id, options));
  }

  async #download(context: RequestContext, image_id: string, options: DownloadOptions): Promise<Readable> {
    const { signal, onProgress, range } = options;
    const caller = { context, signal };
    const { record } = await this.#records.show(caller, image_id);
    checkActive(record);
    const { size } = record;
    const part = range === undefined ? undefined : clip(range, size ?? Number.MAX_SAFE_INTEGER);
    const total = part === undefined ? size : part.last + 1 - part.first;
    const wanted = {
      client: this.#client,
      transport: this.#transport,
      caller,
      record,
      first: part?.first ?? 0,
      last: part?.last,
      idle: this.#settings.timeouts.idleMs,
    };
    try {
      const download = await ImageDownload.begin(wanted, {
        verification: part === undefined ? new Verification(record) : undefined,
        meter: new Meter(guardListener(onProgress, this.#logger), 'downloading', total),
        maxResumes: this.#settings.maxResumes,
        logger: this.#logger,
      });
      return readableOf(download, { signal });
    } catch (error) {
      // Glance answers 403 also for an image that was deactivated after its record was read.
      if (error instanceof ImageNotAuthorized)
        checkActive((await this.#records.show(caller, image_id)).record);
      throw error;
    }
  }

  /**
   * If the answer to the creation request is lost, a queued image with an id chosen by the caller may remain: it cannot
   * be distinguished from another client's image.
   *
   * @throws ImageConflict when the id is already used. Errors of the upload are passed on.
   */
  async create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return receive(data, options, this.#logger, async (incoming) => {
      const { signal } = options;
      const caller = { context, signal };
      checkMetadata(metadata);
      if (incoming !== undefined) checkFormats(metadata);
      const image_id = metadata.id ?? randomUUID();
      const { record, endpoint } = await this.#make(context, image_id, metadata, signal);
      if (incoming === undefined) return record;
      return this.#uploader.upload({ caller, image_id, endpoint, incoming, isOurs: true });
    });
  }

  /**
   * Changes the metadata before it sends the data. The metadata stays changed when the upload fails.
   *
   * @throws ImageConflict when the image is not queued. Errors of the upload are passed on.
   */
  async update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return receive(data, options, this.#logger, async (incoming) => {
      const caller = { context, signal: options.signal };
      checkMetadata(metadata);
      checkSameId(image_id, metadata);
      if (incoming === undefined) return (await this.#records.change(caller, image_id, metadata)).record;
      checkQueued((await this.#records.show(caller, image_id)).record);
      const { record, endpoint } = await this.#records.change(caller, image_id, metadata);
      checkFormats(record);
      return this.#uploader.upload({ caller, image_id, endpoint, incoming, isOurs: false });
    });
  }

  async delete(context: RequestContext, image_id: string, { signal }: VerbOptions = {}): Promise<void> {
    await unwrapped(signal, () => this.#records.delete({ context, signal }, image_id));
  }

  /** Creates an image. Removes it if the caller never learns that it was created: after an abort or a lost answer. */
  async #make(
    context: RequestContext,
    id: string,
    metadata: ImageMetadata,
    signal: AbortSignal | undefined,
  ): Promise<RoutedRecord> {
    signal?.throwIfAborted();
    try {
      return await this.#records.create({ context, signal }, id, metadata);
    } catch (error) {
      // An image with the caller's id may be another client's. An image with a generated id is ours.
      const isLost = signal?.aborted === true || mayHaveArrived(error);
      if (metadata.id === undefined && isLost) await this.#removeUnanswered(context, id);
      throw error;
    }
  }

  async #removeUnanswered(context: RequestContext, id: string): Promise<void> {
    try {
      await this.#uploader.remove(context, id);
    } catch (error) {
      this.#logger.warn(`could not remove image ${id}, which Glance may have created`, { error });
    }
  }
}

function credentialsOf(settings: Settings, transport: HttpTransport): Credentials {
  const { auth, endpoints = [] } = settings;
  return auth.type === 'context_token'
    ? new ContextToken(endpoints)
    : new KeystoneToken(transport, auth, settings);
}

/** Whether the service may have executed a request that failed with this error. */
const mayHaveArrived = (error: unknown): boolean =>
  error instanceof ImageServiceProtocolError ||
  (error instanceof GlanceConnectionFailed &&
    !(error.cause instanceof ConnectionBroken && error.cause.unsent));

function checkActive({ id, status }: ImageRecord): void {
  if (status !== 'active') throw new ImageNotActive(`Image ${id} is ${status}: it has no data to read.`);
}
