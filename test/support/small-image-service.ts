import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ImageMetadata, ImageRecord, ImageService, RequestContext } from '../../interfaces/index.js';
import { ImageNotActive, ImageNotFound } from '../../interfaces/index.js';
import { readAll } from '../../lib/streams/index.js';

/** An image service in memory for small images, as an orchestrator may write one. */
export class SmallImageService implements ImageService {
  readonly #records = new Map<string, ImageRecord>();
  readonly #data = new Map<string, Buffer>();

  show(_context: RequestContext, image_id: string): Promise<ImageRecord> {
    const record = this.#records.get(image_id);
    return record === undefined
      ? Promise.reject(new ImageNotFound(`Image ${image_id} could not be found`))
      : Promise.resolve(record);
  }

  detail(): Promise<ImageRecord[]> {
    return Promise.resolve([...this.#records.values()]);
  }

  async download(context: RequestContext, image_id: string): Promise<Readable> {
    await this.show(context, image_id);
    const data = this.#data.get(image_id);
    if (data === undefined) throw new ImageNotActive(`Image ${image_id} has no data`);
    return Readable.from([data], { objectMode: false });
  }

  async create(context: RequestContext, metadata: ImageMetadata, data?: Readable): Promise<ImageRecord> {
    const { id = randomUUID(), name = null, container_format = null, disk_format = null } = metadata;
    const now = new Date().toISOString();
    this.#records.set(id, {
      id,
      name,
      status: 'queued',
      container_format,
      disk_format,
      size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      min_disk: 0,
      min_ram: 0,
      visibility: 'private',
      owner: context.project_id ?? null,
      protected: false,
      tags: [],
      properties: metadata.properties ?? {},
      created_at: now,
      updated_at: now,
    });
    return await this.update(context, id, {}, data);
  }

  async update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: Readable,
  ): Promise<ImageRecord> {
    const before = await this.show(context, image_id);
    const bytes = data === undefined ? undefined : await readAll(data, 64 * 1024 * 1024);
    if (bytes !== undefined) this.#data.set(image_id, bytes);
    const after: ImageRecord = {
      ...before,
      container_format: metadata.container_format ?? before.container_format,
      disk_format: metadata.disk_format ?? before.disk_format,
      properties: { ...before.properties, ...metadata.properties },
      ...(bytes === undefined ? {} : { status: 'active', size: bytes.length }),
    };
    this.#records.set(image_id, after);
    return after;
  }

  async delete(context: RequestContext, image_id: string): Promise<void> {
    await this.show(context, image_id);
    this.#records.delete(image_id);
    this.#data.delete(image_id);
  }
}
