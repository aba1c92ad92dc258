import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageMetadata, Logger } from '../../../interfaces/index.js';
import { ImageNotFound, ImageUnacceptable } from '../../../interfaces/index.js';
import type { Engine, ImageInspect } from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { buildImageArchive, layerOf, sha256, type ImageArchiveOptions } from '../../support/archives.js';
import { CountedImages } from '../../support/counted-images.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, inventory, removeImages } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

const MiB = 1024 * 1024;
const stranger = { ...context, project_id: 'f0e1d2c3b4a5968778695a4b3c2d1e0f' };
const noise = (size: number): Promise<Buffer> =>
  layerOf([{ path: `data/${randomUUID()}`, content: randomBytes(size) }]);

describe('an image with a file in the shared directory', () => {
  let folder: string;
  let shared: string;
  let engine: Engine;
  let images: CountedImages;
  let loader: ImageLoader;
  let ids: string[];
  let before: string[];
  let warnings: string[];
  /** For each loaded image, whether the driver loaded only the layers that the engine lacked. */
  let inParts: unknown[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-shared-'));
    shared = join(folder, 'shared');
    await mkdir(shared);
    engine = directEngine();
    images = new CountedImages(new DirectoryImageService({ directory: join(folder, 'images') }));
    warnings = [];
    inParts = [];
    const logger: Logger = {
      ...noOpLogger,
      info: (_message, details) => {
        if (details !== undefined && 'inParts' in details) inParts.push(details.inParts);
      },
      warn: (message, details) => void warnings.push(`${message} ${JSON.stringify(details)}`),
    };
    loader = new ImageLoader({
      engine,
      imageService: images,
      host: 'shared-test',
      sharedDirectory: shared,
      logger,
    });
    ids = [];
    before = (await inventory()).images;
  });
  afterEach(async () => {
    await removeImages(ids);
    engine.close();
    await rm(folder, { recursive: true, force: true });
    expect((await inventory()).images).toEqual(before);
  });

  /** Adds an image to the image service, and its file to the shared directory unless `file` is empty. */
  async function give(
    data: Buffer,
    file: Buffer | undefined = data,
    more: ImageMetadata = {},
  ): Promise<string> {
    const { id } = await images.create(
      context,
      { container_format: 'docker', disk_format: 'raw', ...more },
      Readable.from([data], { objectMode: false }),
    );
    ids.push(id);
    if (file.length > 0) await writeFile(join(shared, id), file);
    return id;
  }

  const archive = async (name: string, options: ImageArchiveOptions = {}): Promise<Buffer> =>
    await buildImageArchive({
      layers: [await noise(100_000)],
      ...options,
      config: { Env: [`NAME=${name}`] },
    });

  const loadedImage = (id: string): Promise<ImageInspect> => engine.images.inspect(bootReference(id));

  it('boots without a download', async () => {
    const harness = await dockerHarness({ imageService: images, sharedDirectory: shared });
    try {
      const { id } = harness.image;
      await writeFile(join(shared, id), await readAll(await images.download(context, id), Infinity));
      images.takeBytes();
      await harness.boot();
      expect(images.downloads).toEqual([]);
    } finally {
      await harness.close();
    }
  });

  it.each([
    ['plain', {}],
    ['in the OCI layout', { layout: 'oci' as const }],
    ['compressed', { gzip: true }],
  ])('is loaded from the file: %s', async (_what, options) => {
    const id = await give(await archive('mine', options));
    await loader.load(context, id);
    expect(images.downloads).toEqual([]);
    expect((await loadedImage(id)).Config?.Env).toEqual(['NAME=mine']);
    expect(warnings).toEqual([]);
  });

  it('is downloaded, without a warning, when the file is missing', async () => {
    const id = await give(await archive('mine'), Buffer.alloc(0));
    await loader.load(context, id);
    expect(images.downloads).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  /** The size that a corrupt file must keep, so that a check of the size alone does not detect it. */
  const sizeOf = async (path: string): Promise<number> => (await readFile(path)).length;
  const sameSize = async (path: string): Promise<Buffer> => {
    const other = await archive('evil');
    expect(other).toHaveLength(await sizeOf(path));
    return other;
  };

  it.each<readonly [string, (path: string) => Promise<unknown>]>([
    ['is truncated', (path) => truncate(path, 5000)],
    ['is not an archive', async (path) => await writeFile(path, Buffer.alloc(await sizeOf(path), 'x'))],
    ['is another image of the same size', async (path) => await writeFile(path, await sameSize(path))],
    [
      'is a FIFO',
      async (path) => {
        await rm(path);
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'is a directory',
      async (path) => {
        await rm(path);
        await mkdir(path);
      },
    ],
  ])('is downloaded, and the log names the file, when the file %s', async (_what, spoil) => {
    const id = await give(await archive('mine'));
    await spoil(join(shared, id));
    await loader.load(context, id);
    expect(images.downloads).toHaveLength(1);
    expect((await loadedImage(id)).Config?.Env).toEqual(['NAME=mine']);
    expect(warnings).toEqual([expect.stringContaining(join(shared, id))]);
  });

  it('is refused when the image itself is no archive', async () => {
    const id = await give(Buffer.alloc(2000, 'no archive'));
    await expect(loader.load(context, id)).rejects.toBeInstanceOf(ImageUnacceptable);
  });

  it('is refused to a tenant that may not read its record', async () => {
    const id = await give(await archive('mine'));
    await expect(loader.load(stranger, id)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('leaves no image when the load is aborted, and can be loaded afterwards', async () => {
    const id = await give(await archive('mine', { layers: [await noise(20 * MiB)] }));
    const abort = new AbortController();
    const reason = new Error('enough');
    const loading = loader.load(context, id, { signal: abort.signal, onProgress: () => abort.abort(reason) });
    await expect(loading).rejects.toBe(reason);
    expect((await inventory()).images).toEqual(before);
    await loader.load(context, id);
    expect(images.downloads).toEqual([]);
  });

  describe('of which the engine has layers', () => {
    let below: Buffer[];

    beforeEach(async () => {
      below = [await noise(3 * MiB)];
      await loader.load(context, await give(await archive('base', { layers: below })));
    });

    /** Records on the image where the parts of its archive lie (nova_docker_index), as a snapshot does. */
    async function recordIndex(id: string, data: Buffer, configuration: Buffer, layers: readonly Buffer[]) {
      const extent = (part: Buffer): [number, number] => [data.indexOf(part), part.length];
      const index = {
        image: id,
        digest: sha256(configuration),
        configuration: extent(configuration),
        layers: layers.map(extent),
      };
      await images.update(context, id, { properties: { nova_docker_index: JSON.stringify(index) } });
    }

    /** The configuration in an archive. */
    const configurationIn = (data: Buffer): Buffer => {
      const first = data.indexOf('{"architecture"');
      return data.subarray(first, data.indexOf('\0', first));
    };

    it('is loaded in parts from the file when its record has an index with digests', async () => {
      const layers = [...below, await noise(50_000)];
      const data = await archive('mine', { layers });
      const id = await give(data);
      await recordIndex(id, data, configurationIn(data), layers);
      await loader.load(context, id);
      expect(images.downloads).toEqual([]);
      expect(inParts).toEqual([false, true]);
      expect((await loadedImage(id)).RootFS.Layers).toHaveLength(2);
    });

    it('is downloaded when the file is another, valid image', async () => {
      const layers = [...below, await noise(50_000)];
      const data = await archive('mine', { layers });
      const id = await give(data, await archive('evil', { layers }));
      await recordIndex(id, data, configurationIn(data), layers);
      await loader.load(context, id);
      expect((await loadedImage(id)).Config?.Env).toEqual(['NAME=mine']);
      expect(warnings).toEqual([expect.stringContaining(join(shared, id))]);
    });

    it('has its own configuration when the file is replaced after its index was read', async () => {
      const above = await noise(50_000);
      const named = (name: string): Promise<Buffer> => archive(name, { layers: [...below, above] });
      const data = await named('mine');
      let evil = data;
      // Entries are sorted by digest: search for an archive with the layer at the same offset.
      for (let each = 1000; evil === data || evil.indexOf(above) !== data.indexOf(above); each += 1)
        evil = await named(String(each));
      const id = await give(data, evil);
      // The loader requests the other images' records after it read the index, before it reads parts.
      const show = images.show.bind(images);
      images.show = async (...asked) => {
        if (asked[1] !== id) await writeFile(join(shared, id), data);
        return await show(...asked);
      };
      await loader.load(context, id);
      expect((await loadedImage(id)).Config?.Env).toEqual(['NAME=mine']);
    });

    it('is downloaded when a layer in the file is corrupt', async () => {
      const above = await noise(50_000);
      const data = await archive('mine', { layers: [...below, above] });
      const spoilt = Buffer.from(data);
      spoilt.fill('x', data.indexOf(above) + 10_000, data.indexOf(above) + 20_000);
      const id = await give(data, spoilt);
      await loader.load(context, id);
      expect((await loadedImage(id)).Config?.Env).toEqual(['NAME=mine']);
      expect(warnings).toEqual([expect.stringContaining(join(shared, id))]);
    });
  });
});
