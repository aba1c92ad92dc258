import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import {
  ImageDeleteConflict,
  ImageNotAuthorized,
  ImageNotFound,
  InvalidInput,
  type ImageMetadata,
  type ImageRecord,
  type RequestContext,
} from '../../../interfaces/index.js';
import { ImageConflict } from '../../../lib/image-services/index.js';
import { formats, type Album } from './album.js';
import { breaking, bytesOf, read, streamOf } from './bytes.js';

/** The contract of `update` and `delete`. */
export function describeChanges(album: Album): void {
  describe('update', () => {
    it('changes the given fields and keeps the others', async () => {
      const { id } = await album.create({ name: 'old', min_ram: 7, properties: { a: '1', b: '2' } });
      const changed = await album.service.update(album.member, id, {
        name: 'new',
        ...formats,
        tags: ['t'],
        properties: { b: '3', 'c/d~e': '4' },
      });
      expect(changed).toMatchObject({ id, name: 'new', min_ram: 7, tags: ['t'], ...formats });
      expect(changed.properties).toEqual({ a: '1', b: '3', 'c/d~e': '4' });
      expect(await album.service.show(album.member, id)).toMatchObject({
        properties: changed.properties,
      });
    });

    it('returns the record when no field is given', async () => {
      const record = await album.create({ name: 'same' });
      expect(await album.service.update(album.member, record.id, {})).toMatchObject({
        id: record.id,
        name: 'same',
      });
    });

    it('uploads data to a queued image', async () => {
      const bytes = bytesOf(100_000);
      const { id } = await album.create({ name: 'snapshot' });
      const record = await album.service.update(album.member, id, formats, streamOf(bytes));
      expect(record).toMatchObject({ name: 'snapshot', status: 'active', size: bytes.length });
      expect((await read(await album.service.download(album.member, id))).equals(bytes)).toBe(true);
    });

    it('refuses data for an active image, and keeps its data', async () => {
      const bytes = bytesOf(1000);
      const { id } = await album.active(bytes);
      const data = streamOf(bytesOf(5));
      await expect(album.service.update(album.member, id, {}, data)).rejects.toBeInstanceOf(ImageConflict);
      expect(data.destroyed).toBe(true);
      expect((await read(await album.service.download(album.member, id))).equals(bytes)).toBe(true);
    });

    it('accepts one of two concurrent uploads, and rejects the other with ImageConflict', async () => {
      const { id } = await album.create(formats);
      const bytes = [bytesOf(300_000), bytesOf(300_004)];
      const outcomes = await Promise.allSettled(
        bytes.map((data) => album.service.update(album.member, id, {}, streamOf(data))),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ImageConflict);
      }
      const winner = bytes[outcomes.findIndex(({ status }) => status === 'fulfilled')];
      const stored = await read(await album.service.download(album.member, id));
      expect(stored.equals(winner ?? Buffer.alloc(0))).toBe(true);
    });

    it('refuses data for an image without formats', async () => {
      const { id } = await album.create({});
      const attempt = album.service.update(album.member, id, {}, streamOf(bytesOf(5)));
      await expect(attempt).rejects.toBeInstanceOf(InvalidInput);
    });

    it('refuses other formats for an active image', async () => {
      const { id } = await album.active(bytesOf(5));
      const attempt = album.service.update(album.member, id, { disk_format: 'qcow2' });
      await expect(attempt).rejects.toBeInstanceOf(ImageNotAuthorized);
    });

    it('refuses to change the id', async () => {
      const { id } = await album.create({});
      const attempt = album.service.update(album.member, id, { id: randomUUID() });
      await expect(attempt).rejects.toBeInstanceOf(InvalidInput);
    });

    it('leaves the image queued, for another upload, when the data stream fails', async () => {
      const bytes = bytesOf(1000);
      const failure = new Error('the engine went away');
      const { id } = await album.create(formats);
      const attempt = album.service.update(album.member, id, {}, breaking(bytesOf(200_000), failure));
      await expect(attempt).rejects.toBe(failure);
      expect(await album.service.show(album.member, id)).toMatchObject({
        status: 'queued',
        size: null,
      });
      await album.service.update(album.member, id, {}, streamOf(bytes));
      expect((await read(await album.service.download(album.member, id))).equals(bytes)).toBe(true);
    });

    it('leaves the image queued when the upload is aborted', async () => {
      const { id } = await album.create(formats);
      const abort = new AbortController();
      const reason = new Error('no longer wanted');
      const data = new PassThrough();
      data.write(bytesOf(100_000));
      const attempt = album.service.update(album.member, id, {}, data, {
        signal: abort.signal,
        onProgress: () => setTimeout(() => abort.abort(reason), 100),
      });
      await expect(attempt).rejects.toBe(reason);
      expect(data.destroyed).toBe(true);
      expect(await album.service.show(album.member, id)).toMatchObject({ status: 'queued' });
    });

    it("refuses to change another project's image", async () => {
      const common = await album.create({ visibility: 'community' });
      const hidden = await album.create({ visibility: 'private' });
      const rename = (id: string): Promise<ImageRecord> =>
        album.service.update(album.other, id, { name: 'mine' });
      await expect(rename(common.id)).rejects.toBeInstanceOf(ImageNotAuthorized);
      await expect(rename(hidden.id)).rejects.toBeInstanceOf(ImageNotFound);
    });

    it('lets only an administrator make an image public or change its owner', async () => {
      const { id } = await album.create({});
      const owner = album.other.project_id ?? '';
      const update = (context: RequestContext, metadata: ImageMetadata): Promise<ImageRecord> =>
        album.service.update(context, id, metadata);
      await expect(update(album.member, { visibility: 'public' })).rejects.toBeInstanceOf(ImageNotAuthorized);
      await expect(update(album.member, { owner })).rejects.toBeInstanceOf(ImageNotAuthorized);
      expect(await update(album.admin, { owner })).toMatchObject({ owner });
    });
  });
  describe('delete', () => {
    it('removes an image with its data', async () => {
      const { id } = await album.active(bytesOf(10));
      await album.service.delete(album.member, id);
      await expect(album.service.show(album.member, id)).rejects.toBeInstanceOf(ImageNotFound);
      await expect(album.service.download(album.member, id)).rejects.toBeInstanceOf(ImageNotFound);
    });

    it('rejects with ImageNotFound for a deleted image', async () => {
      const { id } = await album.create({});
      await album.service.delete(album.member, id);
      await expect(album.service.delete(album.member, id)).rejects.toBeInstanceOf(ImageNotFound);
    });

    it('refuses to delete a protected image', async () => {
      const { id } = await album.active(bytesOf(10), { protected: true });
      await expect(album.service.delete(album.member, id)).rejects.toBeInstanceOf(ImageDeleteConflict);
      expect(await album.service.show(album.member, id)).toMatchObject({ status: 'active' });
    });

    it("refuses to delete another project's image", async () => {
      const common = await album.create({ visibility: 'community' });
      const hidden = await album.create({ visibility: 'private' });
      await expect(album.service.delete(album.other, common.id)).rejects.toBeInstanceOf(ImageNotAuthorized);
      await expect(album.service.delete(album.other, hidden.id)).rejects.toBeInstanceOf(ImageNotFound);
      expect(await album.service.show(album.member, hidden.id)).toMatchObject({ status: 'queued' });
    });
  });
}
