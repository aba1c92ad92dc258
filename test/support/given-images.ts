import { Readable } from 'node:stream';
import type { ImageMetadata, ImageRecord, ImageService, RequestContext } from '../../interfaces/index.js';
import { ImageNotAuthorized, ImageNotFound, NotImplementedError } from '../../interfaces/index.js';
import { readAll } from '../../lib/streams/index.js';

/** An image that a test supplies. */
export interface GivenImage {
  /** Fields that differ from the record of an active docker image. */
  readonly record?: Partial<ImageRecord>;
  /** Its data; a function is called for each download. */
  readonly data: Buffer | (() => Readable | Promise<Readable>);
}

/** An image service with the images of a test. It counts downloads and keeps uploads. */
export class GivenImages implements ImageService {
  readonly #images: Map<string, GivenImage>;
  readonly #forbidden = new Map<RequestContext, 'show' | 'download'>();
  /** The ids of images whose data was requested, in order. */
  readonly downloads: string[] = [];
  /** The ids of images whose record was requested, in order. */
  readonly shows: string[] = [];
  readonly uploads = new Map<string, { readonly metadata: ImageMetadata; readonly data: Buffer }>();

  constructor(images: Readonly<Record<string, GivenImage>> = {}) {
    this.#images = new Map(Object.entries(images));
  }

  give(id: string, image: GivenImage): void {
    this.#images.set(id, image);
  }

  /** Adds a queued image without data, as an orchestrator creates it before a snapshot. */
  queue(id: string): void {
    this.give(id, {
      record: { status: 'queued', container_format: null, disk_format: null },
      data: Buffer.alloc(0),
    });
  }

  /** Refuses a verb to a caller from now on. */
  forbid(caller: RequestContext, verb: 'show' | 'download'): void {
    this.#forbidden.set(caller, verb);
  }

  async show(context: RequestContext, image_id: string): Promise<ImageRecord> {
    this.shows.push(image_id);
    this.#check(context, 'show');
    return await Promise.resolve({
      id: image_id,
      name: null,
      status: 'active',
      container_format: 'docker',
      disk_format: 'raw',
      size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      min_disk: 0,
      min_ram: 0,
      visibility: 'private',
      owner: null,
      protected: false,
      tags: [],
      properties: {},
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      ...this.#image(image_id).record,
    });
  }

  async download(context: RequestContext, image_id: string): Promise<Readable> {
    this.downloads.push(image_id);
    this.#check(context, 'download');
    const { data } = this.#image(image_id);
    return Buffer.isBuffer(data) ? Readable.from([data], { objectMode: false }) : await data();
  }

  async update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: Readable,
  ): Promise<ImageRecord> {
    if (data === undefined) throw new NotImplementedError('only uploads');
    const bytes = await readAll(data, Infinity);
    this.uploads.set(image_id, { metadata, data: bytes });
    this.give(image_id, { data: bytes });
    return await this.show(context, image_id);
  }

  detail(): Promise<ImageRecord[]> {
    return Promise.reject(new NotImplementedError('detail'));
  }

  create(): Promise<ImageRecord> {
    return Promise.reject(new NotImplementedError('create'));
  }

  delete(): Promise<void> {
    return Promise.reject(new NotImplementedError('delete'));
  }

  #check(caller: RequestContext, verb: 'show' | 'download'): void {
    if (this.#forbidden.get(caller) === verb) throw new ImageNotAuthorized(`${verb} is forbidden`);
  }

  #image(id: string): GivenImage {
    const image = this.#images.get(id);
    if (image === undefined) throw new ImageNotFound(`Image ${id} could not be found`);
    return image;
  }
}
