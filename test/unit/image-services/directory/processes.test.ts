import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageNotFound } from '../../../../interfaces/index.js';
import { DirectoryImageService } from '../../../../lib/image-services/index.js';
import { ImageFolder } from '../../../../lib/image-services/directory/image-folder.js';
import { bytesOf, formats, read, streamOf } from '../../../images/contract/index.js';
import { begun, compileWorker, ended, kill, startWorker } from './processes.js';

const context = { project_id: 'project-a' };
let compiled: string;
let directory: string;
let service: DirectoryImageService;

beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'compiled-'));
  compileWorker(compiled);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'images-'));
  service = new DirectoryImageService({ directory });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Sets the modification time of everything in the folder to two hours ago. */
async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await age(join(folder, entry.name));
    await utimes(join(folder, entry.name), then, then);
  }
}

describe('a folder of images that several processes use', () => {
  it('loses no concurrent change of metadata', async () => {
    const { id } = await service.create(context, {});
    const workers = [1, 2, 3].map(() => startWorker(compiled, 'describe', directory, id));
    expect(await Promise.all(workers.map(ended))).toEqual([0, 0, 0]);
    const { properties } = await service.show(context, id);
    expect(Object.keys(properties)).toHaveLength(60);
    expect(await readdir(join(directory, id))).toHaveLength(1);
  }, 30_000);

  it('shows only complete images, even after processes that write to it are killed', async () => {
    const workers = [1, 2, 3].map(() => startWorker(compiled, 'work', directory));
    await Promise.all(workers.map(begun));
    for (const worker of workers) {
      await setTimeout(60 + Math.random() * 100);
      await kill(worker);
      for (const { id, status } of await service.detail(context)) {
        if (status !== 'active') continue;
        // The other workers continue, and may have deleted the image meanwhile.
        const data = await service.download(context, id).catch((error: unknown) => {
          if (!(error instanceof ImageNotFound)) throw error;
        });
        if (data !== undefined) await read(data);
      }
    }
  }, 60_000);

  it('is cleaned of the files that killed processes left, by the next writer, once the files are old', async () => {
    const { id } = await service.create(context, formats);
    const workers = [startWorker(compiled, 'stall', directory, id), startWorker(compiled, 'work', directory)];
    await Promise.all(workers.map(begun));
    await Promise.all(workers.map(kill));
    await age(directory);
    const { id: next } = await new DirectoryImageService({ directory }).create(context, {});
    const images = (await service.detail(context)).map((image) => image.id);
    expect(images).toContain(next);
    expect((await readdir(directory)).sort()).toEqual(images.sort());
    expect(await readdir(join(directory, id))).toEqual(['metadata.1.json']);
  }, 30_000);

  it('keeps the upload of a running process, however long it stalls', async () => {
    const { id } = await service.create(context, formats);
    const worker = startWorker(compiled, 'stall', directory, id);
    await begun(worker);
    await new DirectoryImageService({ directory }).update(context, id, { name: 'meanwhile' });
    expect((await readdir(join(directory, id))).filter((name) => name.startsWith('.'))).toHaveLength(1);
    await kill(worker);
  }, 30_000);

  it('accepts an upload after a crash interrupted the previous one', async () => {
    const { id } = await service.create(context, formats);
    const worker = startWorker(compiled, 'stall', directory, id);
    await begun(worker);
    await kill(worker);
    expect(await service.show(context, id)).toMatchObject({ status: 'queued' });
    const bytes = bytesOf(1000);
    await service.update(context, id, {}, streamOf(bytes));
    expect((await read(await service.download(context, id))).equals(bytes)).toBe(true);
  }, 30_000);

  it('loses no image when several services create and delete the same id concurrently', async () => {
    const id = randomUUID();
    const services = [1, 2, 3, 4].map(() => new DirectoryImageService({ directory }));
    let [made, deleted] = [0, 0];
    const isDone = async (work: Promise<unknown>): Promise<boolean> => {
      const [outcome] = await Promise.allSettled([work]);
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toMatchObject({ name: expect.stringMatching(/^Image(Conflict|NotFound)$/) });
      }
      return outcome.status === 'fulfilled';
    };
    const busy = async (each: DirectoryImageService): Promise<void> => {
      for (let n = 0; n < 40; n += 1) {
        if (await isDone(each.create(context, { id }))) made += 1;
        if (await isDone(each.delete(context, id))) deleted += 1;
      }
    };
    await Promise.all(services.map(busy));
    const left = (await service.detail(context)).length;
    expect(made - deleted).toBe(left);
    expect(made).toBeGreaterThan(10);
    expect(await readdir(directory)).toHaveLength(left);
  }, 30_000);

  it('keeps a new image that reuses the id of an image whose deletion is under way', async () => {
    const { id } = await service.create(context, {});
    const folder = new ImageFolder(join(directory, id), id);
    expect(await folder.moveToTrash(join(directory, '.deleted-late'))).toBe(false);
    expect(await readdir(folder.path)).toEqual(['metadata.1.json']);
  });

  it('accepts a new image with the id of one whose deletion a crash interrupted', async () => {
    const { id } = await service.create(context, formats, streamOf(bytesOf(10)));
    const folder = join(directory, id);
    const content = await readFile(join(folder, 'metadata.1.json'), 'utf8');
    await writeFile(join(folder, 'metadata.2.json'), content.replace('"active"', '"deleted"'));
    await expect(service.show(context, id)).rejects.toMatchObject({ name: 'ImageNotFound' });
    expect(await service.create(context, { id })).toMatchObject({ id, status: 'queued' });
  });
});
