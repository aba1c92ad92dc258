import { expect, describe, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import {
  ImageNotAuthorized,
  InvalidInput,
  type ImageMetadata,
  type Progress,
} from '../../../interfaces/index.js';
import { ImageConflict } from '../../../lib/image-services/index.js';
import { formats, type Album } from './album.js';
import { breaking, bytesOf, read, streamOf } from './bytes.js';

async function* oneByOne<T>(values: readonly T[]): AsyncGenerator<T, void, void> {
  for (const value of values) yield await Promise.resolve(value);
}

/** Calls `create` with arguments that its types do not allow. */
function createWith({ service }: Album, args: unknown[]): unknown {
  const create: unknown = Reflect.get(service, 'create');
  if (typeof create !== 'function') throw new TypeError('create is not a method');
  return Reflect.apply(create, service, args);
}

/**
 * A source that yields given values, throws those that are errors, and never settles at undefined. Records
 * whether it was closed.
 */
class Returning implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  /** Resolves when `next` is called for a value that never comes. */
  readonly waits: Promise<void>;
  isClosed = false;
  readonly #values: readonly unknown[];
  #next = 0;
  #onWait: () => void = () => undefined;

  constructor(values: readonly unknown[]) {
    this.#values = values;
    this.waits = new Promise((resolve) => (this.#onWait = resolve));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#next >= this.#values.length) return Promise.resolve({ done: true, value: undefined });
    const value = this.#values[this.#next];
    this.#next += 1;
    if (value instanceof Error) return Promise.reject(value);
    if (value === undefined) {
      this.#onWait();
      return new Promise(() => undefined);
    }
    const step: object = { done: false, value };
    return Promise.resolve(isStep(step) ? step : { done: true, value: undefined });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.isClosed = true;
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** Lets the source yield any value, as untyped JavaScript can. */
const isStep = (step: object): step is IteratorYieldResult<Uint8Array> => 'value' in step;

/** The contract of `create`. */
export function describeCreate(album: Album): void {
  describe('create', () => {
    it('creates a queued image, owned by the caller, without data', async () => {
      const record = await album.create({ name: 'nothing yet' });
      expect(record).toMatchObject({
        name: 'nothing yet',
        status: 'queued',
        size: null,
        checksum: null,
        container_format: null,
        visibility: 'shared',
        protected: false,
        owner: album.member.project_id,
      });
      expect(new Date(record.created_at).getTime()).toBeGreaterThan(Date.now() - 60_000);
    });

    it('creates an active image with size, checksum and hash of the data', async () => {
      const bytes = bytesOf(300_001);
      const record = await album.active(bytes);
      expect(record).toMatchObject({
        status: 'active',
        size: bytes.length,
        checksum: createHash('md5').update(bytes).digest('hex'),
        os_hash_algo: 'sha512',
        os_hash_value: createHash('sha512').update(bytes).digest('hex'),
        container_format: 'docker',
        disk_format: 'raw',
      });
    });

    it('keeps all metadata', async () => {
      const metadata: ImageMetadata = {
        id: randomUUID(),
        name: 'büsybox: "1" <2>',
        ...formats,
        min_disk: 3,
        min_ram: 64,
        visibility: 'private',
        protected: true,
        tags: ['one', 'two'],
        properties: { os_command_line: '/bin/sh -c "a; b"', 'x/y~z': '~1', empty: '' },
      };
      const { id } = await album.create(metadata);
      const record = await album.service.show(album.member, id);
      expect({ ...record, tags: [...record.tags].sort() }).toMatchObject(metadata);
      expect(record.properties).toEqual(metadata.properties);
    });

    it.each<[string, (bytes: Uint8Array) => AsyncIterable<Uint8Array>]>([
      [
        'an async generator',
        async function* (bytes) {
          yield await Promise.resolve(bytes.subarray(0, 1000));
          yield bytes.subarray(1000);
        },
      ],
      ['a web stream', (bytes) => new Blob([Buffer.from(bytes)]).stream()],
      ['another async iterable', (bytes) => ({ [Symbol.asyncIterator]: () => oneByOne([bytes]) })],
    ])('accepts %s as data of a new image, and update accepts it for a queued one', async (_what, dataOf) => {
      const bytes = bytesOf(300_001);
      const expected = { status: 'active', size: bytes.length };
      const made = await album.service.create(album.member, formats, dataOf(bytes));
      album.adopt(made);
      expect(made).toMatchObject(expected);
      const { id } = await album.create(formats);
      expect(await album.service.update(album.member, id, {}, dataOf(bytes))).toMatchObject(expected);
      expect((await read(await album.service.download(album.member, id))).equals(bytes)).toBe(true);
    });

    it.each<[string, unknown]>([
      ['a buffer', Buffer.from('bytes')],
      ['a string', 'bytes'],
      ['an array', [Buffer.from('bytes')]],
      ['null', null],
      ['a path', { path: '/etc/hostname' }],
    ])('refuses %s as data, and creates no image', async (_what, data) => {
      const wanted = randomUUID();
      const args = [album.member, { ...formats, name: wanted }, data];
      const attempt: unknown = createWith(album, args);
      await expect(attempt).rejects.toMatchObject({
        name: 'InvalidInput',
        message: expect.stringContaining('The data of an image must be a stream'),
      });
      expect(await album.named(wanted)).toEqual([]);
    });

    it('closes a data source that is refused, fails or yields no bytes, and leaves no image', async () => {
      const wanted = randomUUID();
      const bytes = bytesOf(1000);
      const failure = new Error('the source broke');
      const broken = new Returning([bytes, failure]);
      const odd = new Returning([bytes, 'text']);
      const refused = new Returning([bytes]);
      const create = (metadata: ImageMetadata, data: unknown): unknown =>
        createWith(album, [album.member, metadata, data]);
      await expect(create({ ...formats, name: wanted }, broken)).rejects.toBe(failure);
      await expect(create({ ...formats, name: wanted }, odd)).rejects.toBeInstanceOf(InvalidInput);
      await expect(create({ name: wanted }, refused)).rejects.toBeInstanceOf(InvalidInput);
      expect([broken.isClosed, odd.isClosed, refused.isClosed]).toEqual([true, true, true]);
      expect(await album.named(wanted)).toEqual([]);
    });

    it.each<[string, unknown]>([
      ['a string', 'enough'],
      ['null', null],
      ['an error', new Error('enough')],
    ])('rejects with the reason of the signal itself, as all methods do: %s', async (_what, reason) => {
      const wanted = randomUUID();
      const impatience = new AbortController();
      const { signal } = impatience;
      const endless = new Returning([bytesOf(1000), undefined]);
      const uploading = album.service.create(album.member, { ...formats, name: wanted }, endless, { signal });
      const failed = uploading.then(
        () => 'it succeeded',
        (error: unknown) => error,
      );
      await endless.waits;
      impatience.abort(reason);
      expect(await failed).toBe(reason);
      expect(await album.named(wanted)).toEqual([]);
      const { id } = await album.active(bytesOf(10));
      const told = async (work: Promise<unknown>): Promise<unknown> =>
        await work.then(
          () => 'it succeeded',
          (error: unknown) => error,
        );
      expect(await told(album.service.show(album.member, id, { signal }))).toBe(reason);
      expect(await told(album.service.detail(album.member, { signal }))).toBe(reason);
      expect(await told(album.service.download(album.member, id, { signal }))).toBe(reason);
      expect(await told(album.service.update(album.member, id, { name: 'x' }, undefined, { signal }))).toBe(
        reason,
      );
      expect(await told(album.service.delete(album.member, id, { signal }))).toBe(reason);
    });

    it('creates an empty image from empty data', async () => {
      const record = await album.active(Buffer.alloc(0));
      expect(record).toMatchObject({ status: 'active', size: 0 });
      expect(await read(await album.service.download(album.member, record.id))).toHaveLength(0);
    });

    it('refuses an id that exists', async () => {
      const { id } = await album.create({});
      await expect(album.service.create(album.other, { id })).rejects.toBeInstanceOf(ImageConflict);
      expect(await album.service.show(album.member, id)).toMatchObject({
        owner: album.member.project_id,
      });
    });

    it('refuses an id that is no UUID', async () => {
      await expect(album.service.create(album.member, { id: '../../outside' })).rejects.toBeInstanceOf(
        InvalidInput,
      );
    });

    it('refuses a property with the name of a standard field', async () => {
      const wanted = { properties: { status: 'active' } };
      await expect(album.service.create(album.member, wanted)).rejects.toBeInstanceOf(InvalidInput);
    });

    it('refuses data of an image without formats, destroys it and leaves no image', async () => {
      const wanted = randomUUID();
      const data = streamOf(bytesOf(10));
      const attempt = album.service.create(album.member, { name: wanted }, data);
      await expect(attempt).rejects.toBeInstanceOf(InvalidInput);
      expect(data.destroyed).toBe(true);
      expect(await album.named(wanted)).toEqual([]);
    });

    it('lets only an administrator create a public image', async () => {
      await expect(album.service.create(album.member, { visibility: 'public' })).rejects.toBeInstanceOf(
        ImageNotAuthorized,
      );
      const record = await album.service.create(album.admin, { visibility: 'public' });
      album.adopt(record);
      expect(await album.service.show(album.other, record.id)).toEqual(record);
    });

    it('lets only an administrator create an image for another project', async () => {
      const owner = album.other.project_id ?? '';
      await expect(album.service.create(album.member, { owner })).rejects.toBeInstanceOf(ImageNotAuthorized);
      const record = await album.service.create(album.admin, { owner });
      album.adopt(record);
      expect(record.owner).toBe(owner);
    });

    it("rejects with the data stream's error, and leaves no image, when the stream fails", async () => {
      const wanted = randomUUID();
      const failure = new Error('the engine went away');
      const attempt = album.service.create(
        album.member,
        { ...formats, name: wanted },
        breaking(bytesOf(200_000), failure),
      );
      await expect(attempt).rejects.toBe(failure);
      expect(await album.named(wanted)).toEqual([]);
    });

    it("rejects with the data stream's error when the stream fails before the first read", async () => {
      const failure = new Error('broken from the start');
      const data = new PassThrough();
      const attempt = album.service.create(album.member, formats, data);
      data.destroy(failure);
      await expect(attempt).rejects.toBe(failure);
    });

    it('refuses data that is not bytes and leaves no image', async () => {
      const wanted = randomUUID();
      const data = Readable.from([{ not: 'bytes' }]);
      const attempt = album.service.create(album.member, { ...formats, name: wanted }, data);
      await expect(attempt).rejects.toBeInstanceOf(InvalidInput);
      expect(await album.named(wanted)).toEqual([]);
    });

    it("rejects with the signal's reason, destroys the data and leaves no image when aborted", async () => {
      const wanted = randomUUID();
      const abort = new AbortController();
      const reason = new Error('no longer wanted');
      const data = new PassThrough();
      data.write(bytesOf(100_000));
      const attempt = album.service.create(album.member, { ...formats, name: wanted }, data, {
        signal: abort.signal,
        onProgress: () => setTimeout(() => abort.abort(reason), 100),
      });
      await expect(attempt).rejects.toBe(reason);
      expect(data.destroyed).toBe(true);
      expect(await album.named(wanted)).toEqual([]);
    });

    it('rejects, and destroys the data, when its signal has already aborted', async () => {
      const data = streamOf(bytesOf(10));
      const signal = AbortSignal.abort('too late');
      await expect(album.service.create(album.member, formats, data, { signal })).rejects.toBe('too late');
      expect(data.destroyed).toBe(true);
    });

    it('reports progress up to the last byte', async () => {
      const reports: Progress[] = [];
      album.adopt(
        await album.service.create(album.member, formats, streamOf(bytesOf(150_000)), {
          onProgress: (progress) => reports.push(progress),
        }),
      );
      expect(reports.at(-1)).toMatchObject({ phase: 'uploading', bytes: 150_000, total: 150_000 });
    });
  });
}
