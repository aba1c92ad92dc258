import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rewriteArchive } from '../../../lib/archives/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { buildImageArchive, layerOf, sha256, type ImageArchiveOptions } from '../../support/archives.js';
import { CountedImages } from '../../support/counted-images.js';
import { directEngine, hasContainerdStore, inventory, removeImages } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const MiB = 1024 * 1024;
const noise = (size: number): Promise<Buffer> => layerOf([{ path: 'data', content: randomBytes(size) }]);
const digests = (layers: readonly Buffer[]): string[] => layers.map((layer) => `sha256:${sha256(layer)}`);

const usesContainerd = await hasContainerdStore();

describe('an image that was loaded in parts', () => {
  const folder = temporaryFolder();
  let engine: Engine;
  let images: CountedImages;
  let loader: ImageLoader;
  let loaded: string[];
  let before: string[];
  let shared: Buffer[];

  beforeEach(async () => {
    engine = directEngine();
    images = new CountedImages(new DirectoryImageService({ directory: await folder.path() }));
    loader = new ImageLoader({ engine, imageService: images, host: 'kept-test', logger: noOpLogger });
    loaded = [];
    before = (await inventory()).images;
    shared = [await noise(2 * MiB), await noise(1 * MiB)];
  });
  afterEach(async () => {
    await removeImages(loaded);
    engine.close();
    await folder.remove();
    expect((await inventory()).images).toEqual(before);
  });

  async function give(data: Buffer): Promise<string> {
    const source = Readable.from([data], { objectMode: false });
    const { id } = await images.create(context, { container_format: 'docker', disk_format: 'raw' }, source);
    loaded.push(id);
    return id;
  }
  const giveLayers = async (options: ImageArchiveOptions): Promise<string> =>
    await give(await buildImageArchive(options));
  const layersOf = async (image_id: string): Promise<readonly string[]> =>
    (await engine.images.inspect(bootReference(image_id))).RootFS.Layers;

  it.each([
    ['docker', 'docker'],
    ['oci-gzip', 'docker'],
    ['docker', 'oci-gzip'],
    ['oci-gzip', 'oci-gzip'],
  ] as const)(
    'is saved whole after the image that shared its layers is gone (%s layout above %s)',
    async (layout, baseLayout) => {
      const base = await giveLayers({ layers: shared, layout: baseLayout });
      await loader.load(context, base);
      const layers = [...shared, await noise(10_000)];
      const id = await giveLayers({ layers, layout });
      images.takeBytes();
      await loader.load(context, id);
      expect(images.takeBytes()).toBeLessThan(0.5 * MiB);
      await removeImages([base]);

      // The loader verifies every layer of the archive.
      const saved = await give(await readAll(await engine.images.save(bootReference(id), {}), Infinity));
      await removeImages([id]);
      await loader.load(context, saved);
      expect(await layersOf(saved)).toEqual(digests(layers));
    },
  );

  it('is loaded as a whole when the engine loses the image that shares its layers meanwhile', async () => {
    const base = await giveLayers({ layers: shared });
    await loader.load(context, base);
    const layers = [...shared, await noise(1 * MiB)];
    const id = await giveLayers({ layers });
    let removal: Promise<void> | undefined;
    await loader.load(context, id, {
      onProgress: ({ phase }) => {
        if (phase === 'downloading') removal ??= removeImages([base]);
      },
    });
    await removal;
    expect(await layersOf(id)).toEqual(digests(layers));
    const saved = await give(await readAll(await engine.images.save(bootReference(id), {}), Infinity));
    await removeImages([id]);
    await loader.load(context, saved);
    expect(await layersOf(saved)).toEqual(digests(layers));
  });

  if (usesContainerd)
    it.each([
      ['ends', undefined],
      ['breaks', new Error('the connection breaks')],
    ] as const)(
      'is loaded at once after an upload of another that %s within its index',
      async (_how, error) => {
        const base = await giveLayers({ layers: shared });
        await loader.load(context, base);
        const source = Readable.from([await buildImageArchive({ layers: [await noise(1000)] })], {
          objectMode: false,
        });
        const reference = 'nova-docker-driver.invalid/loading:kept-test';
        const { archive } = rewriteArchive(source, { subject: 'Image 1', layout: 'oci', reference });
        const bytes = await readAll(archive, Infinity);
        const cut = async function* (): AsyncGenerator<Buffer> {
          yield bytes.subarray(0, bytes.indexOf('index.json\0') + 512 + 300);
          // The engine has received what was sent before the connection breaks.
          await setTimeout(500);
          if (error !== undefined) throw error;
        };
        await expect(engine.images.load(Readable.from(cut(), { objectMode: false }))).rejects.toBeInstanceOf(
          Error,
        );

        const layers = [...shared, await noise(10_000)];
        const id = await giveLayers({ layers });
        images.takeBytes();
        await loader.load(context, id);
        expect(images.takeBytes()).toBeLessThan(0.5 * MiB);
        expect(await layersOf(id)).toEqual(digests(layers));
      },
    );
});
