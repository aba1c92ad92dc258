import { expect, describe, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import {
  ImageNotAuthorized,
  InvalidInput,
  type ImageMetadata,
  type Progress,
} from '../../../interfaces/index.js';
import { ImageConflict } from '../../../lib/images/image-service/index.js';
import { formats, type Album } from './album.js';
import { breaking, bytesOf, read, streamOf } from './bytes.js';

/** What `create` must do. */
export function describeCreate(album: Album): void {
  describe('create', () => {
    it('makes a queued image of the caller when there is no data', async () => {
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

    it('makes an active image with size, checksum and hash of the data', async () => {
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

    it('keeps everything that it was told of the image', async () => {
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

    it('makes an empty image of empty data', async () => {
      const record = await album.active(Buffer.alloc(0));
      expect(record).toMatchObject({ status: 'active', size: 0 });
      expect(await read(await album.service.download(album.member, record.id))).toHaveLength(0);
    });

    it('refuses an id that is taken', async () => {
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

    it('refuses a property that is called like a field of every image', async () => {
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

    it('lets only an administrator make an image public', async () => {
      await expect(album.service.create(album.member, { visibility: 'public' })).rejects.toBeInstanceOf(
        ImageNotAuthorized,
      );
      const record = await album.service.create(album.admin, { visibility: 'public' });
      album.adopt(record);
      expect(await album.service.show(album.other, record.id)).toEqual(record);
    });

    it('lets only an administrator make an image for another project', async () => {
      const owner = album.other.project_id ?? '';
      await expect(album.service.create(album.member, { owner })).rejects.toBeInstanceOf(ImageNotAuthorized);
      const record = await album.service.create(album.admin, { owner });
      album.adopt(record);
      expect(record.owner).toBe(owner);
    });

    it("fails with the data's own error and leaves no image when the data breaks off", async () => {
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

    it('fails with the error of data that broke before anybody read it', async () => {
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

    it("fails with the signal's reason, destroys the data and leaves no image when aborted half-way", async () => {
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

    it('does nothing when it was aborted before it began', async () => {
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
