import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  ImageDeleteConflict,
  ImageNotActive,
  ImageNotFound,
  type DownloadOptions,
  type ImageFilters,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type LongRunningOptions,
  type RequestContext,
  type VerbOptions,
} from '../../../interfaces/index.js';
import { guardListener, readableOf } from '../../streams/index.js';
import {
  checkFormats,
  checkMetadata,
  checkQueued,
  checkSameId,
  clip,
  FileBytes,
  type Incoming,
  passes,
  receive,
  Verification,
} from '../shared/index.js';
import { Meter } from '../../progress/index.js';
import { checkChange, checkRead, checkWishes, mayRead, notFound } from './access.js';
import { storeError } from './exceptions.js';
import { isMissing } from './files.js';
import { ImageFolder } from './image-folder.js';
import { ImageWriter } from './image-writer.js';
import { isImageFolder } from './layout.js';
import { storeOf, type DirectoryImageServiceOptions, type Store } from './options.js';
import { changedRecord, newRecord, type StoredImage } from './stored-image.js';
import { deleteFolder, tidy } from './sweep.js';

/**
 * An image service that stores images in a directory, without a server. The directory may be on a file system that
 * several machines share; it must support hard links.
 *
 * Every image has its own folder, named by its id. `metadata.<n>.json` holds the record; the highest n is current.
 * `data.<uuid>` holds the data; the record names it. Folders have mode 0700 and files 0600. Every change becomes
 * visible atomically, once all of it is flushed to disk: after a crash, the previous or the new state is complete.
 * Leftovers of crashed processes are removed after an hour. Several processes, containers and machines may use the
 * directory concurrently: no change is lost, and of two concurrent uploads to an image exactly one succeeds.
 *
 * Access control follows Glance without image members: a project sees its own images and those that are `public` or
 * `community`, and changes only its own. A context with `is_admin`, or without a `project_id`, sees and changes all.
 */
export class DirectoryImageService implements ImageService {
  readonly #store: Store;
  readonly #writer: ImageWriter;

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: DirectoryImageServiceOptions) {
    this.#store = storeOf(options);
    this.#writer = new ImageWriter(this.#store);
  }

  /** @throws ImageStoreError when the metadata on disk is malformed. */
  show(context: RequestContext, image_id: string, { signal }: VerbOptions = {}): Promise<ImageRecord> {
    return this.#run(signal, async () => {
      const { record } = await this.#folder(image_id).read();
      checkRead(context, record);
      return record;
    });
  }

  /**
   * @throws ImageStoreError naming the file when the metadata of any image is malformed: no image is silently omitted.
   */
  detail(
    context: RequestContext,
    { filters, signal }: VerbOptions & { readonly filters?: ImageFilters | undefined } = {},
  ): Promise<ImageRecord[]> {
    return this.#run(signal, async () => {
      const records: ImageRecord[] = [];
      for (const id of await this.#ids()) {
        signal?.throwIfAborted();
        const record = await this.#recordIfThere(id);
        if (record !== undefined && mayRead(context, record) && passes(record, filters)) records.push(record);
      }
      return records;
    });
  }

  /** A started download stays readable and complete when the image is deleted meanwhile. */
  download(context: RequestContext, image_id: string, options: DownloadOptions = {}): Promise<Readable> {
    const { signal, onProgress, range } = options;
    return this.#run(signal, async () => {
      const folder = this.#folder(image_id);
      const { record, data } = await folder.read();
      checkRead(context, record);
      const { size, status } = record;
      if (status !== 'active' || data === null || size === null) {
        throw new ImageNotActive(`Image ${image_id} is ${status}: it has no data to read.`);
      }
      const part = range === undefined ? { first: 0, last: size - 1 } : clip(range, size);
      const listener = guardListener(onProgress, this.#store.logger);
      const meter = new Meter(listener, 'downloading', part.last + 1 - part.first);
      const verification = range === undefined ? new Verification(record) : undefined;
      const handle = await folder.openData(data);
      return readableOf(new FileBytes(handle, part, meter, verification), { signal });
    });
  }

  /**
   * Creates an image. It becomes visible once it is complete. Its id is converted to lower case.
   *
   * @throws ImageConflict when the id is already used.
   * @throws ImageQuotaExceeded when the data exceeds the limit or the disk is full.
   */
  create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return this.#receive(data, options, async (incoming) => {
      checkMetadata(metadata);
      checkWishes(context, metadata);
      if (incoming !== undefined) checkFormats(metadata);
      await this.#writer.prepare();
      const id = metadata.id?.toLowerCase() ?? randomUUID();
      return this.#writer.create(newRecord(id, context.project_id ?? null, metadata), incoming);
    });
  }

  /**
   * Changes metadata and data in one atomic step.
   *
   * @throws ImageConflict when the image already has data, or another upload completes first.
   * @throws ImageQuotaExceeded when the data exceeds the limit or the disk is full.
   */
  update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    return this.#receive(data, options, async (incoming) => {
      checkMetadata(metadata);
      checkSameId(image_id, metadata);
      const folder = this.#folder(image_id);
      const change = ({ record }: StoredImage): ImageRecord => {
        checkChange(context, record);
        checkWishes(context, metadata);
        if (incoming !== undefined) checkQueued(record);
        const changed = changedRecord(record, metadata);
        if (incoming !== undefined) checkFormats(changed);
        return changed;
      };
      // Check access and state before data flows.
      change(await folder.read());
      await this.#writer.prepare();
      try {
        if (incoming !== undefined) return await this.#writer.upload(folder, incoming, change);
        const { record } = await folder.change((stored) =>
          Promise.resolve({ ...stored, record: change(stored) }),
        );
        return record;
      } finally {
        await tidy(this.#store.directory, folder, this.#store.logger);
      }
    });
  }

  delete(context: RequestContext, image_id: string, { signal }: VerbOptions = {}): Promise<void> {
    return this.#run(signal, async () => {
      const folder = this.#folder(image_id);
      await folder.change(({ record, data }) => {
        checkChange(context, record);
        if (record.protected) throw new ImageDeleteConflict(`Image ${image_id} is protected.`);
        return Promise.resolve({ data, record: { ...record, status: 'deleted' } });
      });
      await deleteFolder(this.#store.directory, folder);
    });
  }

  async #run<T>(signal: AbortSignal | undefined, work: () => Promise<T>, incoming?: Incoming): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw error === incoming?.failure ? error : storeError(error, this.#store.directory);
    }
  }

  async #receive<T>(
    data: AsyncIterable<Uint8Array> | undefined,
    options: LongRunningOptions,
    work: (incoming: Incoming | undefined) => Promise<T>,
  ): Promise<T> {
    return await receive(data, options, this.#store.logger, (incoming) =>
      this.#run(options.signal, () => work(incoming), incoming),
    );
  }

  #folder(id: string): ImageFolder {
    if (!isImageFolder(id)) throw notFound(id);
    return new ImageFolder(join(this.#store.directory, id), id);
  }

  async #ids(): Promise<string[]> {
    try {
      return (await readdir(this.#store.directory)).filter(isImageFolder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #recordIfThere(id: string): Promise<ImageRecord | undefined> {
    try {
      return (await this.#folder(id).read()).record;
    } catch (error) {
      if (error instanceof ImageNotFound) return undefined;
      throw error;
    }
  }
}
