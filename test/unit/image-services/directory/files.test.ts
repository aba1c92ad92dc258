import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageQuotaExceeded, ImageUnacceptable, InvalidInput } from '../../../../interfaces/index.js';
import { DirectoryImageService, ImageStoreError } from '../../../../lib/image-services/index.js';
import { bytesOf, formats, read, streamOf } from '../../../images/contract/index.js';

const context = { project_id: 'project-a' };
let root: string;
let directory: string;
let service: DirectoryImageService;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'images-'));
  directory = join(root, 'deep', 'images');
  service = new DirectoryImageService({ directory });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes an image and gives the paths of what it is made of. */
async function make(bytes: Uint8Array): Promise<{ id: string; metadata: string; data: string }> {
  const { id } = await service.create(context, formats, streamOf(bytes));
  const folder = join(directory, id);
  const data = (await readdir(folder)).find((name) => name.startsWith('data.')) ?? '';
  return { id, metadata: join(folder, 'metadata.1.json'), data: join(folder, data) };
}

describe('the files of a DirectoryImageService', () => {
  it('can be read by their owner only', async () => {
    const { id, metadata, data } = await make(bytesOf(10));
    const modes = await Promise.all(
      [directory, join(directory, id), metadata, data].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  it('hold the data as it was uploaded', async () => {
    const bytes = bytesOf(100_000);
    const { data } = await make(bytes);
    expect((await readFile(data)).equals(bytes)).toBe(true);
  });

  it('are not made before there is an image', async () => {
    expect(await service.detail(context)).toEqual([]);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leave nothing in the folder when a verb fails', async () => {
    const { id } = await make(bytesOf(10));
    const before = await readdir(directory, { recursive: true });
    const limited = new DirectoryImageService({ directory, maxBytes: 1000 });
    await expect(limited.create(context, formats, streamOf(bytesOf(1001)))).rejects.toBeInstanceOf(
      ImageQuotaExceeded,
    );
    await expect(service.create(context, { ...formats, id }, streamOf(bytesOf(5)))).rejects.toMatchObject({
      name: 'ImageConflict',
    });
    expect(await readdir(directory, { recursive: true })).toEqual(before);
  });

  it('are gone when the image is deleted', async () => {
    const { id } = await make(bytesOf(10));
    await service.delete(context, id);
    expect(await readdir(directory)).toEqual([]);
  });

  it('share their folder with files that are no images', async () => {
    const { id } = await make(bytesOf(10));
    await writeFile(join(directory, 'README'), 'not an image');
    await mkdir(join(directory, 'lost+found'));
    expect((await service.detail(context)).map((image) => image.id)).toEqual([id]);
  });
});

describe('an image that is read', () => {
  it('stays readable when it is deleted meanwhile', async () => {
    const bytes = bytesOf(3_000_000);
    const { id } = await make(bytes);
    const stream = await service.download(context, id);
    await service.delete(context, id);
    expect((await read(stream)).equals(bytes)).toBe(true);
  });

  it.each([
    ['a byte of it changed', async (data: string) => writeFile(data, Buffer.alloc(100_000, 7))],
    ['it lost its end', async (data: string) => truncate(data, 99_999)],
  ])('is refused when %s on the disk', async (_what, damage) => {
    const { id, data } = await make(bytesOf(100_000));
    await damage(data);
    await expect(read(await service.download(context, id))).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is refused when a part of it is asked for that is no longer there', async () => {
    const { id, data } = await make(bytesOf(100_000));
    await truncate(data, 50_000);
    const part = await service.download(context, id, { range: { first: 40_000, last: 60_000 } });
    await expect(read(part)).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('names the file that is missing', async () => {
    const { id, data } = await make(bytesOf(10));
    await rm(data);
    await expect(service.download(context, id)).rejects.toMatchObject({
      name: 'ImageStoreError',
      path: data,
    });
  });
});

describe('a folder that somebody has tampered with', () => {
  it.each(['data', 'metadata'] as const)(
    'does not lead out through a link in place of the %s',
    async (kind) => {
      const made = await make(bytesOf(10));
      const outside = join(root, 'outside');
      await rename(made[kind], outside);
      await symlink(outside, made[kind]);
      await expect(service.download(context, made.id)).rejects.toBeInstanceOf(ImageStoreError);
    },
  );

  it('does not lead out through a link in place of an image', async () => {
    const { id } = await make(bytesOf(10));
    await rename(join(directory, id), join(root, id));
    await symlink(join(root, id), join(directory, id));
    await expect(service.show(context, id)).rejects.toBeInstanceOf(ImageStoreError);
    await expect(service.update(context, id, { name: 'x' })).rejects.toBeInstanceOf(ImageStoreError);
    await expect(service.delete(context, id)).rejects.toBeInstanceOf(ImageStoreError);
    expect(await readdir(join(root, id))).toHaveLength(2);
  });

  it('does not hang on a pipe in place of the data', async () => {
    const { id, data } = await make(bytesOf(10));
    await rm(data);
    execFileSync('mkfifo', [data]);
    await expect(service.download(context, id)).rejects.toBeInstanceOf(ImageStoreError);
  });

  it.each([
    ['no JSON', () => '{'],
    ['the record of another image', (content: string, id: string) => content.replace(id, randomUUID())],
    [
      'a path for the data',
      (content: string) => content.replace(/"data": "[^"]*"/, '"data": "../../outside"'),
    ],
    ['a size that is none', (content: string) => content.replace('"size": 10', '"size": -1')],
    ['a layout of later days', (content: string) => content.replace('"format": 1', '"format": 2')],
  ])('is told, with the file, when the metadata is %s', async (_what, tamper) => {
    const { id, metadata } = await make(bytesOf(10));
    await writeFile(metadata, tamper(await readFile(metadata, 'utf8'), id));
    const broken = { name: 'ImageStoreError', path: metadata };
    await expect(service.show(context, id)).rejects.toMatchObject(broken);
    await expect(service.download(context, id)).rejects.toMatchObject(broken);
    await expect(service.detail(context)).rejects.toMatchObject(broken);
  });

  it('is told when an image has no metadata', async () => {
    const { id, metadata } = await make(bytesOf(10));
    await rm(metadata);
    await expect(service.show(context, id)).rejects.toBeInstanceOf(ImageStoreError);
  });
});

describe('who may do what in a folder', () => {
  it('is everything to a context without a project', async () => {
    const { id } = await service.create({}, { ...formats, visibility: 'public' }, streamOf(bytesOf(10)));
    const { id: hidden } = await service.create(context, { visibility: 'private' });
    expect((await service.detail({})).map((image) => image.id).sort()).toEqual([id, hidden].sort());
    await service.delete({}, hidden);
  });
});

describe('the limits of a folder', () => {
  it('let an image of just the limit in', async () => {
    const limited = new DirectoryImageService({ directory, maxBytes: 1000 });
    expect(await limited.create(context, formats, streamOf(bytesOf(1000)))).toMatchObject({ size: 1000 });
  });

  it('leave an image queued that would be too large', async () => {
    const limited = new DirectoryImageService({ directory, maxBytes: 1000 });
    const { id } = await limited.create(context, formats);
    await expect(limited.update(context, id, {}, streamOf(bytesOf(1001)))).rejects.toBeInstanceOf(
      ImageQuotaExceeded,
    );
    expect(await limited.show(context, id)).toMatchObject({ status: 'queued' });
  });

  it('must make sense', () => {
    expect(() => new DirectoryImageService({ directory: '' })).toThrow(InvalidInput);
    expect(() => new DirectoryImageService({ directory, maxBytes: 0 })).toThrow(InvalidInput);
  });

  it('of a folder that cannot be written to are told', async () => {
    await writeFile(join(root, 'deep'), 'a file');
    await expect(service.create(context, {})).rejects.toBeInstanceOf(ImageStoreError);
  });
});
