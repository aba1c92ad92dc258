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

/** Creates an image and returns its id and the paths of its files. */
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

  it('are not created before the first image', async () => {
    expect(await service.detail(context)).toEqual([]);
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('stay as they were when a verb fails', async () => {
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

  it('are deleted with the image', async () => {
    const { id } = await make(bytesOf(10));
    await service.delete(context, id);
    expect(await readdir(directory)).toEqual([]);
  });

  it('may share their folder with files that are not images', async () => {
    const { id } = await make(bytesOf(10));
    await writeFile(join(directory, 'README'), 'not an image');
    await mkdir(join(directory, 'lost+found'));
    expect((await service.detail(context)).map((image) => image.id)).toEqual([id]);
  });
});

describe('the download of an image', () => {
  it('continues when the image is deleted meanwhile', async () => {
    const bytes = bytesOf(3_000_000);
    const { id } = await make(bytes);
    const stream = await service.download(context, id);
    await service.delete(context, id);
    expect((await read(stream)).equals(bytes)).toBe(true);
  });

  it.each([
    ['was changed', async (data: string) => writeFile(data, Buffer.alloc(100_000, 7))],
    ['was truncated', async (data: string) => truncate(data, 99_999)],
  ])('fails when the data file %s on disk', async (_what, damage) => {
    const { id, data } = await make(bytesOf(100_000));
    await damage(data);
    await expect(read(await service.download(context, id))).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('fails when the data file ends before the requested range', async () => {
    const { id, data } = await make(bytesOf(100_000));
    await truncate(data, 50_000);
    const part = await service.download(context, id, { range: { first: 40_000, last: 60_000 } });
    await expect(read(part)).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('names the data file when it is missing', async () => {
    const { id, data } = await make(bytesOf(10));
    await rm(data);
    await expect(service.download(context, id)).rejects.toMatchObject({
      name: 'ImageStoreError',
      path: data,
    });
  });
});

describe('a folder of images that was tampered with', () => {
  it.each(['data', 'metadata'] as const)(
    'gives no access to a file outside through a symbolic link in place of the %s',
    async (kind) => {
      const made = await make(bytesOf(10));
      const outside = join(root, 'outside');
      await rename(made[kind], outside);
      await symlink(outside, made[kind]);
      await expect(service.download(context, made.id)).rejects.toBeInstanceOf(ImageStoreError);
    },
  );

  it('gives no access to a folder outside through a symbolic link in place of an image', async () => {
    const { id } = await make(bytesOf(10));
    await rename(join(directory, id), join(root, id));
    await symlink(join(root, id), join(directory, id));
    await expect(service.show(context, id)).rejects.toBeInstanceOf(ImageStoreError);
    await expect(service.update(context, id, { name: 'x' })).rejects.toBeInstanceOf(ImageStoreError);
    await expect(service.delete(context, id)).rejects.toBeInstanceOf(ImageStoreError);
    expect(await readdir(join(root, id))).toHaveLength(2);
  });

  it('does not hang on a FIFO in place of the data', async () => {
    const { id, data } = await make(bytesOf(10));
    await rm(data);
    execFileSync('mkfifo', [data]);
    await expect(service.download(context, id)).rejects.toBeInstanceOf(ImageStoreError);
  });

  it.each([
    ['no valid JSON', () => '{'],
    ['the id of another image', (content: string, id: string) => content.replace(id, randomUUID())],
    [
      'a path outside in place of the name of the data file',
      (content: string) => content.replace(/"data": "[^"]*"/, '"data": "../../outside"'),
    ],
    ['a negative size', (content: string) => content.replace('"size": 10', '"size": -1')],
    ['a later format version', (content: string) => content.replace('"format": 1', '"format": 2')],
  ])('is refused, with the file named, when the metadata has %s', async (_what, tamper) => {
    const { id, metadata } = await make(bytesOf(10));
    await writeFile(metadata, tamper(await readFile(metadata, 'utf8'), id));
    const broken = { name: 'ImageStoreError', path: metadata };
    await expect(service.show(context, id)).rejects.toMatchObject(broken);
    await expect(service.download(context, id)).rejects.toMatchObject(broken);
    await expect(service.detail(context)).rejects.toMatchObject(broken);
  });

  it('is refused when an image has no metadata', async () => {
    const { id, metadata } = await make(bytesOf(10));
    await rm(metadata);
    await expect(service.show(context, id)).rejects.toBeInstanceOf(ImageStoreError);
  });
});

describe('access to the images of a folder', () => {
  it('is unrestricted for a context without a project', async () => {
    const { id } = await service.create({}, { ...formats, visibility: 'public' }, streamOf(bytesOf(10)));
    const { id: hidden } = await service.create(context, { visibility: 'private' });
    expect((await service.detail({})).map((image) => image.id).sort()).toEqual([id, hidden].sort());
    await service.delete({}, hidden);
  });
});

describe('the limits of a folder', () => {
  it('accept an image of exactly the limit', async () => {
    const limited = new DirectoryImageService({ directory, maxBytes: 1000 });
    expect(await limited.create(context, formats, streamOf(bytesOf(1000)))).toMatchObject({ size: 1000 });
  });

  it('leave an image queued when its data is too large', async () => {
    const limited = new DirectoryImageService({ directory, maxBytes: 1000 });
    const { id } = await limited.create(context, formats);
    await expect(limited.update(context, id, {}, streamOf(bytesOf(1001)))).rejects.toBeInstanceOf(
      ImageQuotaExceeded,
    );
    expect(await limited.show(context, id)).toMatchObject({ status: 'queued' });
  });

  it('are validated, and so is the name of the folder', () => {
    expect(() => new DirectoryImageService({ directory: '' })).toThrow(InvalidInput);
    expect(() => new DirectoryImageService({ directory, maxBytes: 0 })).toThrow(InvalidInput);
  });

  it('include the file system: a folder that cannot be created fails with ImageStoreError', async () => {
    await writeFile(join(root, 'deep'), 'a file');
    await expect(service.create(context, {})).rejects.toBeInstanceOf(ImageStoreError);
  });
});
