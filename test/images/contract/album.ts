import type { Readable } from 'node:stream';
import {
  ImageNotFound,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type RequestContext,
} from '../../../interfaces/index.js';
import { streamOf } from './bytes.js';

/** An image service and three who use it. */
export interface Subject {
  readonly service: ImageService;
  readonly member: RequestContext;
  /** Of another project. */
  readonly other: RequestContext;
  readonly admin: RequestContext;
}

/** What an image needs to have data. */
export const formats = { container_format: 'docker', disk_format: 'raw' } as const;

/** A service in use: makes images, and remembers which so that they can be removed. */
export class Album implements Subject {
  readonly #made: string[] = [];
  #subject: Subject | undefined;

  /** What the album is made in. */
  open(subject: Subject): void {
    this.#subject = subject;
  }

  get service(): ImageService {
    return this.#opened().service;
  }

  get member(): RequestContext {
    return this.#opened().member;
  }

  get other(): RequestContext {
    return this.#opened().other;
  }

  get admin(): RequestContext {
    return this.#opened().admin;
  }

  /** Makes an image as the member. */
  async create(metadata: ImageMetadata, data?: Readable): Promise<ImageRecord> {
    return this.adopt(await this.service.create(this.member, metadata, data));
  }

  /** Makes an image with data as the member. */
  active(bytes: Uint8Array, metadata: ImageMetadata = {}): Promise<ImageRecord> {
    return this.create({ ...formats, ...metadata }, streamOf(bytes));
  }

  /** The images of a name that the member sees. */
  named(name: string): Promise<ImageRecord[]> {
    return this.service.detail(this.member, { filters: { name } });
  }

  /** Has the image removed at the end, as all that the album made. */
  adopt(record: ImageRecord): ImageRecord {
    this.#made.push(record.id);
    return record;
  }

  /** Removes what was made and is still there. */
  async clear(): Promise<void> {
    for (const id of this.#made.splice(0)) {
      try {
        await this.service.update(this.admin, id, { protected: false });
        await this.service.delete(this.admin, id);
      } catch (error) {
        if (!(error instanceof ImageNotFound)) throw error;
      }
    }
  }

  #opened(): Subject {
    if (this.#subject === undefined) throw new Error('the album is used before it was opened');
    return this.#subject;
  }
}
