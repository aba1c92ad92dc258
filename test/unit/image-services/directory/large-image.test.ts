import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImageRecord } from '../../../../interfaces/index.js';
import { DirectoryImageService } from '../../../../lib/index.js';
import { context } from '../../../support/nova-objects.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const mebibyte = 1024 * 1024;

describe('an image that is large enough to be hashed on a worker thread', () => {
  const folder = temporaryFolder();
  let images: DirectoryImageService;
  let image: ImageRecord;

  beforeAll(async () => {
    images = new DirectoryImageService({ directory: await folder.path() });
    const pieces = Array.from({ length: 80 }, (_, index) => Buffer.alloc(mebibyte, index));
    image = await images.create(
      context,
      { name: 'large', container_format: 'docker', disk_format: 'raw' },
      Readable.from(pieces),
    );
  });
  afterAll(() => folder.remove());

  const read = async (): Promise<number> => {
    let bytes = 0;
    await pipeline(await images.download(context, image.id), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) bytes += chunk.length;
    });
    return bytes;
  };

  it('is read completely', async () => {
    await expect(read()).resolves.toBe(80 * mebibyte);
  });

  it('can be abandoned in the middle of its download', async () => {
    const data = await images.download(context, image.id);
    for await (const chunk of data) {
      expect(chunk).toBeInstanceOf(Uint8Array);
      break;
    }
    expect(data.destroyed).toBe(true);
  });

  it('fails at the end of its download when one byte was changed on disk', async () => {
    const path = join(await folder.path(), image.id);
    for (const name of await readdir(path)) {
      const file = await open(join(path, name), 'r+');
      const { size } = await file.stat();
      if (size === 80 * mebibyte) await file.write('x', 40 * mebibyte);
      await file.close();
    }
    await expect(read()).rejects.toMatchObject({
      name: 'ImageUnacceptable',
      message: expect.stringContaining('sha512'),
    });
  });
});
