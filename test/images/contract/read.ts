import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ImageNotActive, ImageNotFound, InvalidInput, type Progress } from '../../../interfaces/index.js';
import type { Album } from './album.js';
import { bytesOf, read } from './bytes.js';

/** The contract of `show`, `detail` and `download`. */
export function describeReading(album: Album): void {
  describe('show', () => {
    it('rejects with ImageNotFound for an unknown id', async () => {
      await expect(album.service.show(album.admin, randomUUID())).rejects.toBeInstanceOf(ImageNotFound);
    });

    it.each(['', 'nothing', '../../etc/passwd', '%2e%2e/x', `${randomUUID()}/file`])(
      'rejects with ImageNotFound for the malformed id "%s"',
      async (id) => {
        await expect(album.service.show(album.admin, id)).rejects.toBeInstanceOf(ImageNotFound);
      },
    );

    it("hides a project's images from other projects", async () => {
      const { id } = await album.create({ visibility: 'private' });
      await expect(album.service.show(album.other, id)).rejects.toBeInstanceOf(ImageNotFound);
      expect(await album.service.show(album.admin, id)).toMatchObject({ id });
    });

    it('shows community images to every project', async () => {
      const record = await album.create({ visibility: 'community' });
      expect(await album.service.show(album.other, record.id)).toEqual(record);
    });
  });
  describe('detail', () => {
    it('lists only images that the caller may see', async () => {
      const hidden = await album.create({ visibility: 'private' });
      const common = await album.create({ visibility: 'community' });
      const seen = (await album.service.detail(album.other)).map(({ id }) => id);
      expect(seen).toContain(common.id);
      expect(seen).not.toContain(hidden.id);
    });

    it('finds images by name, status and properties', async () => {
      const mark = randomUUID();
      const wanted = await album.create({ name: 'a', properties: { mark, kind: 'x' } });
      await album.create({ name: 'a', properties: { mark, kind: 'y' } });
      await album.create({ name: 'b', properties: { mark, kind: 'x' } });
      await album.active(bytesOf(1), { name: 'a', properties: { mark, kind: 'x' } });
      const found = await album.service.detail(album.member, {
        filters: { name: 'a', status: 'queued', properties: { mark, kind: 'x' } },
      });
      expect(found).toEqual([wanted]);
    });

    it.each(['in:one,two', 'eq:one', 'one&status=active', ''])(
      'finds an image by the name "%s", without a special meaning',
      async (oddity) => {
        const record = await album.create({ name: oddity, properties: { mark: 'odd' } });
        expect((await album.named(oddity)).map(({ id }) => id)).toContain(record.id);
      },
    );
  });
  describe('download', () => {
    const bytes = bytesOf(400_000);
    let id: string;
    beforeAll(async () => {
      ({ id } = await album.active(bytes));
    });

    it('returns the bytes that were uploaded', async () => {
      expect((await read(await album.service.download(album.member, id))).equals(bytes)).toBe(true);
    });

    it('reports progress up to the last byte', async () => {
      const reports: Progress[] = [];
      await read(
        await album.service.download(album.member, id, {
          onProgress: (report) => reports.push(report),
        }),
      );
      const { length } = bytes;
      expect(reports.at(-1)).toMatchObject({ phase: 'downloading', bytes: length, total: length });
    });

    it.each([
      [0, 0],
      [0, 99],
      [70_000, 300_000],
      [399_999, 399_999],
    ])('returns only the bytes from %d to %d', async (first, last) => {
      const part = await read(await album.service.download(album.member, id, { range: { first, last } }));
      expect(part.equals(bytes.subarray(first, last + 1))).toBe(true);
    });

    it('truncates a range at the end of the data', async () => {
      const range = { first: 399_990, last: 500_000 };
      const part = await read(await album.service.download(album.member, id, { range }));
      expect(part.equals(bytes.subarray(399_990))).toBe(true);
    });

    it.each([
      [400_000, 400_001],
      [-5, -1],
      [5, 4],
      [0.5, 3],
    ])('refuses the range from %d to %d', async (first, last) => {
      const attempt = album.service.download(album.member, id, { range: { first, last } });
      await expect(attempt).rejects.toBeInstanceOf(InvalidInput);
    });

    it('rejects with ImageNotActive for an image without data', async () => {
      const queued = await album.create({});
      await expect(album.service.download(album.member, queued.id)).rejects.toBeInstanceOf(ImageNotActive);
    });

    it('rejects with ImageNotFound for an unknown image', async () => {
      await expect(album.service.download(album.member, randomUUID())).rejects.toBeInstanceOf(ImageNotFound);
    });

    it("hides a project's data from other projects", async () => {
      const { id: hidden } = await album.active(bytesOf(10), { visibility: 'private' });
      await expect(album.service.download(album.other, hidden)).rejects.toBeInstanceOf(ImageNotFound);
    });

    it("destroys the stream with the signal's reason", async () => {
      const abort = new AbortController();
      const stream = await album.service.download(album.member, id, { signal: abort.signal });
      const reason = new Error('no longer wanted');
      abort.abort(reason);
      await expect(read(stream)).rejects.toBe(reason);
    });

    it('destroys the stream when its reader stops early', async () => {
      const stream = await album.service.download(album.member, id);
      for await (const chunk of stream) {
        expect(chunk).toBeDefined();
        break;
      }
      expect(stream.destroyed).toBe(true);
    });
  });
}
