import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageMetadata, RequestContext } from '../../../interfaces/index.js';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import {
  Engine,
  engineAddress,
  imageRef,
  isAtLeast,
  repositoryName,
  tagName,
} from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { repository } from '../../../lib/common/labels.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { buildImageArchive, layerOf, sha256, type ImageArchiveOptions } from '../../support/archives.js';
import { CountedImages } from '../../support/counted-images.js';
import { directEngine, engineHost, inventory, removeImages } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

const MiB = 1024 * 1024;
const stranger: RequestContext = { ...context, project_id: 'f0e1d2c3b4a5968778695a4b3c2d1e0f' };
const admin: RequestContext = { ...context, project_id: 'admin', is_admin: true };

const noise = (size: number): Promise<Buffer> =>
  layerOf([{ path: `data/${randomUUID()}`, content: randomBytes(size) }]);

describe('ImageLoader for an image of which the engine has layers', () => {
  let folder: string;
  let engine: Engine;
  let images: CountedImages;
  let loader: ImageLoader;
  let loaded: string[];
  let before: string[];
  /** The layers that an image in the engine and the image under test share. */
  let shared: Buffer[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-layers-'));
    engine = directEngine();
    images = new CountedImages(new DirectoryImageService({ directory: folder }));
    loader = new ImageLoader({ engine, imageService: images, host: 'layers-test', logger: noOpLogger });
    loaded = [];
    before = (await inventory()).images;
    shared = [await noise(3 * MiB), await noise(1 * MiB)];
  });
  afterEach(async () => {
    await removeImages(loaded);
    engine.close();
    await rm(folder, { recursive: true, force: true });
    expect((await inventory()).images).toEqual(before);
  });

  async function give(
    data: Buffer | ImageArchiveOptions,
    owner = context,
    metadata: ImageMetadata = {},
  ): Promise<string> {
    const bytes = Buffer.isBuffer(data) ? data : await buildImageArchive(data);
    const { id } = await images.create(
      owner,
      { container_format: 'docker', disk_format: 'raw', ...metadata },
      Readable.from([bytes], { objectMode: false }),
    );
    loaded.push(id);
    return id;
  }

  /** @returns number of bytes downloaded from the image service. */
  async function load(image_id: string, as = context): Promise<number> {
    images.takeBytes();
    await loader.load(as, image_id);
    return images.takeBytes();
  }

  async function layersOf(image_id: string): Promise<readonly string[]> {
    return (await engine.images.inspect(bootReference(image_id))).RootFS.Layers;
  }

  it.each(['docker', 'oci', 'oci-gzip'] as const)(
    'downloads only the other layers (%s layout), and loads the same image',
    async (layout) => {
      await load(await give({ layers: shared, layout }));
      const above = [await noise(100_000), await noise(10_000)];
      const config = { Env: ['A=1'], Labels: { a: 'b'.repeat(5000) } };
      const archive = { layers: [...shared, ...above], layout, config };
      const id = await give(archive);
      expect(await load(id)).toBeLessThan(0.5 * MiB);
      expect(await layersOf(id)).toEqual([...shared, ...above].map((layer) => `sha256:${sha256(layer)}`));
      const { Config, Comment } = await engine.images.inspect(bootReference(id));
      // Large labels stay in the image's history, where containers do not inherit them.
      expect(Config).toMatchObject({ Env: ['A=1'], Labels: {} });
      expect(Comment).toContain('{"a":"bbbb');
      expect(images.downloads).toEqual([]);
    },
  );

  it('downloads only the other layers when they are zstd, if the engine can unpack zstd', async () => {
    await load(await give({ layers: shared }));
    const layers = [...shared, await noise(100_000)];
    const id = await give({ layers, layout: 'oci-zstd' });
    const { apiVersion } = await engine.negotiate({});
    if (isAtLeast(apiVersion, '1.42')) {
      expect(await load(id)).toBeLessThan(0.5 * MiB);
      expect(await layersOf(id)).toEqual(layers.map((layer) => `sha256:${sha256(layer)}`));
    } else await expect(load(id)).rejects.toMatchObject({ message: expect.stringMatching(/zstd/) });
  });

  it('downloads a layer again that stands above a different layer, and a repeated layer', async () => {
    const twin = await noise(20_000);
    await load(await give({ layers: [...shared, twin] }));
    const [lowest = Buffer.alloc(0), second = Buffer.alloc(0)] = shared;
    const layers = [lowest, twin, second, twin];
    const id = await give({ layers });
    const bytes = await load(id);
    expect(bytes).toBeGreaterThan(MiB);
    expect(bytes).toBeLessThan(1.5 * MiB);
    expect(await layersOf(id)).toEqual(layers.map((layer) => `sha256:${sha256(layer)}`));
  });

  it('downloads no layer when the engine has all of them', async () => {
    await load(await give({ layers: shared }));
    const id = await give({ layers: shared, config: { Env: ['A=2'] } });
    expect(await load(id)).toBeLessThan(0.2 * MiB);
    expect((await engine.images.inspect(bootReference(id))).Config).toMatchObject({ Env: ['A=2'] });
  });

  it('downloads the whole image when parts would save little or the archive is compressed', async () => {
    await load(await give({ layers: [shared[1] ?? Buffer.alloc(0)] }));
    const much = await give({ layers: [shared[1] ?? Buffer.alloc(0), await noise(12 * MiB)] });
    expect(await load(much)).toBeGreaterThan(13 * MiB);
    await load(await give({ layers: shared }));
    const compressed = await give({ layers: [...shared, await noise(1000)], gzip: true });
    expect(await load(compressed)).toBeGreaterThan(4 * MiB);
  });

  describe('from an image service that', () => {
    it.each<readonly [string, NonNullable<CountedImages['spoil']>]>([
      ['ignores ranges', (_range, give) => give()],
      [
        'returns other ranges than requested',
        ({ first, last }, give) => give({ first: first + 1, last: last + 1 }),
      ],
      ['returns too few bytes', ({ first, last }, give) => give({ first, last: Math.max(first, last - 1) })],
      ['refuses ranges', () => Promise.reject(new Error('no ranges here'))],
      [
        'breaks off within a layer',
        async ({ first, last }, give) => {
          const stream = await give({ first, last });
          if (last - first > 50_000) setImmediate(() => stream.destroy(new Error('broken off')));
          return stream;
        },
      ],
      [
        'returns a corrupt layer',
        async ({ first, last }, give) =>
          last - first > 50_000
            ? await give({ first: first - 512, last: last - 512 })
            : await give({ first, last }),
      ],
    ])('%s downloads the whole image', async (_what, spoil) => {
      await load(await give({ layers: shared }));
      const id = await give({ layers: [...shared, await noise(100_000)] });
      images.spoil = spoil;
      expect(await load(id)).toBeGreaterThan(4 * MiB);
      expect(await layersOf(id)).toHaveLength(3);
    });
  });

  it('downloads the whole image when the engine loses a layer during the download', async () => {
    const base = await give({ layers: shared });
    await load(base);
    const id = await give({ layers: [...shared, await noise(100_000)] });
    images.spoil = async (range, give) => {
      if (range.last - range.first > 50_000) await removeImages([base]);
      return await give(range);
    };
    expect(await load(id)).toBeGreaterThan(4 * MiB);
    expect(await layersOf(id)).toHaveLength(3);
  });

  it("reuses layers that another host's driver loaded", async () => {
    await load(await give({ layers: shared }));
    loader = new ImageLoader({ engine, imageService: images, host: 'another', logger: noOpLogger });
    expect(await load(await give({ layers: [...shared, await noise(1000)] }))).toBeLessThan(0.2 * MiB);
  });

  it('requests immutable facts (info, image inspections) from the engine once', async () => {
    await load(await give({ layers: shared }));
    const proxy = await startFaultProxy({ engine: engineHost() });
    const counted = new Engine(engineAddress(proxy.host));
    /** Paths of the requests for immutable facts. */
    const asked = (): string[] =>
      proxy
        .requests()
        .map(({ path }) => path)
        .filter((path) => /\/info$|\/images\/sha256.*\/json$/.test(path));
    try {
      loader = new ImageLoader({
        engine: counted,
        imageService: images,
        host: 'another',
        logger: noOpLogger,
      });
      expect(await load(await give({ layers: [...shared, await noise(1000)] }))).toBeLessThan(0.2 * MiB);
      expect(asked()).toContainEqual(expect.stringMatching(/info$/));
      expect(await load(await give({ layers: [...shared, await noise(2000)] }))).toBeLessThan(0.2 * MiB);
      expect(new Set(asked()).size).toBe(asked().length);
    } finally {
      counted.close();
      await proxy.close();
    }
  });

  describe('when the layers are of another tenant', () => {
    /** An archive whose configuration names the shared layers, but which contains others. */
    const theft = async (): Promise<Buffer> =>
      await buildImageArchive({
        layers: [await noise(3 * MiB), await noise(1 * MiB)],
        configuration: {
          rootfs: { type: 'layers', diff_ids: shared.map((layer) => `sha256:${sha256(layer)}`) },
        },
      });

    it("reuses the layers if they are the caller's own: the control of the attacks below", async () => {
      await load(await give({ layers: shared }));
      const id = await give(await theft());
      expect(await load(id)).toBeLessThan(0.2 * MiB);
    });

    it('downloads the whole image when the archive has the layers', async () => {
      await load(await give({ layers: shared }));
      const id = await give({ layers: [...shared, await noise(1000)] }, stranger);
      expect(await load(id, stranger)).toBeGreaterThan(4 * MiB);
      expect(await layersOf(id)).toHaveLength(3);
    });

    it('refuses an archive that only names the layers, to obtain their files', async () => {
      const victim = await give({ layers: shared });
      await load(victim);
      const id = await give(await theft(), stranger);
      await expect(loader.load(stranger, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(layersOf(id)).rejects.toMatchObject({ status: 404 });
    });

    it.each([
      ['the owner of the layers', context],
      ['an administrator', admin],
    ])('refuses such an archive also when %s boots it first', async (_who, booting) => {
      await load(await give({ layers: shared }));
      const id = await give(await theft(), stranger, { visibility: 'community' });
      await expect(loader.load(booting, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(layersOf(id)).rejects.toMatchObject({ status: 404 });
    });

    it('reuses the layers of a public image, until the image becomes private', async () => {
      const base = await give({ layers: shared }, admin, { visibility: 'public' });
      await load(base);
      const mine = await give({ layers: [...shared, await noise(1000)] }, stranger);
      expect(await load(mine, stranger)).toBeLessThan(0.2 * MiB);
      await images.update(admin, base, { visibility: 'private' });
      const next = await give({ layers: [...shared, await noise(2000)] });
      expect(await load(next)).toBeGreaterThan(4 * MiB);
    });

    it('reuses the layers of a public image among 100 images of other tenants with the same', async () => {
      const base = await give({ layers: shared }, admin, { visibility: 'public' });
      await load(base);
      for (let each = 0; each < 100; each += 1) {
        const name = { repo: repositoryName(repository.image), tag: tagName(await give(Buffer.alloc(1))) };
        await engine.images.tag(bootReference(base), name);
      }
      await load(await give({ layers: [...shared, await noise(1000)] }, stranger), stranger);
      const mine = await give({ layers: [...shared, await noise(2000)] }, stranger);
      expect(await load(mine, stranger)).toBeLessThan(0.2 * MiB);
    });

    it('refuses an archive whose record has a forged nova_docker_index of the layers', async () => {
      await load(await give({ layers: shared }));
      const id = await give(await theft(), stranger);
      const digest = /([0-9a-f]{64})\.json/.exec((await theft()).toString('latin1'))?.[1] ?? '';
      const index = {
        image: id,
        digest,
        configuration: [512, 300],
        layers: shared.map(() => [1024, 2 * MiB]),
      };
      await images.update(stranger, id, { properties: { nova_docker_index: JSON.stringify(index) } });
      await expect(loader.load(stranger, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(layersOf(id)).rejects.toMatchObject({ status: 404 });
    });

    it('does not reuse layers of an image outside the repositories of the driver', async () => {
      const own = imageRef('test/layers:own');
      const archive = await buildImageArchive({ layers: shared, repoTags: [own] });
      await engine.images.load(Readable.from([archive], { objectMode: false }));
      try {
        const id = await give(await theft());
        await expect(loader.load(context, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      } finally {
        await engine.images.remove(own);
      }
    });
  });
});
