import type { Readable } from 'node:stream';
import {
  ImageNotFound,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type RequestContext,
} from '../../../interfaces/index.js';
import { streamOf } from './bytes.js';

/** An image service and the contexts of three users. */
export interface Subject {
  readonly service: ImageService;
  readonly member: RequestContext;
  /** A user of another project. */
  readonly other: RequestContext;
  readonly admin: RequestContext;
}

/** The formats, without which an image cannot have data. */
export const formats = { container_format: 'docker', disk_format: 'raw' } as const;

/** Creates images in the service under test, and records them for the clean-up. */
export class Album implements Subject {
  readonly #made: string[] = [];
  #subject: Subject | undefined;

  /** Sets the service under test. */
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

  /** Creates an image as the member. */
  async create(metadata: ImageMetadata, data?: Readable): Promise<ImageRecord> {
    return this.adopt(await this.service.create(this.member, metadata, data));
  }

  /** Creates an image with data as the member. */
  active(bytes: Uint8Array, metadata: ImageMetadata = {}): Promise<ImageRecord> {
    return this.create({ ...formats, ...metadata }, streamOf(bytes));
  }

  /** The images with a name that the member can list. */
  named(name: string): Promise<ImageRecord[]> {
    return this.service.detail(this.member, { filters: { name } });
  }

  /** Lets `clear` remove an image that the album did not create. */
  adopt(record: ImageRecord): ImageRecord {
    this.#made.push(record.id);
    return record;
  }

  /** Removes the images that still exist. */
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
