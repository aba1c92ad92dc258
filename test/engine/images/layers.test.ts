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
import {
  directEngine,
  engineHost,
  hasContainerdStore,
  inventory,
  removeImages,
} from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

const MiB = 1024 * 1024;
const stranger: RequestContext = { ...context, project_id: 'f0e1d2c3b4a5968778695a4b3c2d1e0f' };
const admin: RequestContext = { ...context, project_id: 'admin', is_admin: true };

const noise = (size: number): Promise<Buffer> =>
  layerOf([{ path: `data/${randomUUID()}`, content: randomBytes(size) }]);

/** The containerd store does not look for layers that an archive leaves out: it is given all of each image. */
const takesParts = !(await hasContainerdStore());

/** That no more was fetched of an image than the engine lacked. */
function expectParts(bytes: number, most: number): void {
  if (takesParts) expect(bytes).toBeLessThan(most);
  else expect(bytes).toBeGreaterThan(4 * MiB);
}

describe('an image of which the engine has layers', () => {
  let folder: string;
  let engine: Engine;
  let images: CountedImages;
  let loader: ImageLoader;
  let loaded: string[];
  let before: string[];
  /** Layers of an image that is in the engine. */
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

  /** @returns bytes that came from the image service. */
  async function load(image_id: string, as = context): Promise<number> {
    images.takeBytes();
    await loader.load(as, image_id);
    return images.takeBytes();
  }

  async function layersOf(image_id: string): Promise<readonly string[]> {
    return (await engine.images.inspect(bootReference(image_id))).RootFS.Layers;
  }

  it.each(['docker', 'oci', 'oci-gzip'] as const)(
    'has only the others fetched (%s layout), and is the same image',
    async (layout) => {
      await load(await give({ layers: shared, layout }));
      const above = [await noise(100_000), await noise(10_000)];
      const config = { Env: ['A=1'], Labels: { a: 'b'.repeat(5000) } };
      const archive = { layers: [...shared, ...above], layout, config };
      const id = await give(archive);
      expectParts(await load(id), 0.5 * MiB);
      expect(await layersOf(id)).toEqual([...shared, ...above].map((layer) => `sha256:${sha256(layer)}`));
      const { Config, Comment } = await engine.images.inspect(bootReference(id));
      // Many labels are on record, and not for containers.
      expect(Config).toMatchObject({ Env: ['A=1'], Labels: {} });
      expect(Comment).toContain('{"a":"bbbb');
      expect(images.downloads).toEqual([]);
    },
  );

  it('has only the others fetched when they are in zstd, by an engine that can unpack that', async () => {
    await load(await give({ layers: shared }));
    const layers = [...shared, await noise(100_000)];
    const id = await give({ layers, layout: 'oci-zstd' });
    const { apiVersion } = await engine.negotiate({});
    if (isAtLeast(apiVersion, '1.42')) {
      expectParts(await load(id), 0.5 * MiB);
      expect(await layersOf(id)).toEqual(layers.map((layer) => `sha256:${sha256(layer)}`));
    } else await expect(load(id)).rejects.toMatchObject({ message: expect.stringMatching(/zstd/) });
  });

  it('has a layer fetched that stands above one that differs, and one that occurs again', async () => {
    const twin = await noise(20_000);
    await load(await give({ layers: [...shared, twin] }));
    const [lowest = Buffer.alloc(0), second = Buffer.alloc(0)] = shared;
    const layers = [lowest, twin, second, twin];
    const id = await give({ layers });
    const bytes = await load(id);
    expect(bytes).toBeGreaterThan(MiB);
    expectParts(bytes, 1.5 * MiB);
    expect(await layersOf(id)).toEqual(layers.map((layer) => `sha256:${sha256(layer)}`));
  });

  it('is made of what the engine has alone, when it has everything', async () => {
    await load(await give({ layers: shared }));
    const id = await give({ layers: shared, config: { Env: ['A=2'] } });
    expectParts(await load(id), 0.2 * MiB);
    expect((await engine.images.inspect(bootReference(id))).Config).toMatchObject({ Env: ['A=2'] });
  });

  it('is fetched as a whole when there is little to be saved, and when it is compressed as a whole', async () => {
    await load(await give({ layers: [shared[1] ?? Buffer.alloc(0)] }));
    const much = await give({ layers: [shared[1] ?? Buffer.alloc(0), await noise(12 * MiB)] });
    expect(await load(much)).toBeGreaterThan(13 * MiB);
    await load(await give({ layers: shared }));
    const compressed = await give({ layers: [...shared, await noise(1000)], gzip: true });
    expect(await load(compressed)).toBeGreaterThan(4 * MiB);
  });

  describe('whose image service', () => {
    it.each<readonly [string, NonNullable<CountedImages['spoil']>]>([
      ['ignores ranges', (_range, give) => give()],
      [
        'gives others than were asked for',
        ({ first, last }, give) => give({ first: first + 1, last: last + 1 }),
      ],
      ['gives too little', ({ first, last }, give) => give({ first, last: Math.max(first, last - 1) })],
      ['refuses them', () => Promise.reject(new Error('no ranges here'))],
      [
        'breaks off in a layer',
        async ({ first, last }, give) => {
          const stream = await give({ first, last });
          if (last - first > 50_000) setImmediate(() => stream.destroy(new Error('broken off')));
          return stream;
        },
      ],
      [
        'spoils a layer',
        async ({ first, last }, give) =>
          last - first > 50_000
            ? await give({ first: first - 512, last: last - 512 })
            : await give({ first, last }),
      ],
    ])('%s, is fetched as a whole', async (_what, spoil) => {
      await load(await give({ layers: shared }));
      const id = await give({ layers: [...shared, await noise(100_000)] });
      images.spoil = spoil;
      expect(await load(id)).toBeGreaterThan(4 * MiB);
      expect(await layersOf(id)).toHaveLength(3);
    });
  });

  it('is fetched as a whole when the engine loses a layer meanwhile', async () => {
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

  it('is put together by any driver: also one that was not there when the layers came', async () => {
    await load(await give({ layers: shared }));
    loader = new ImageLoader({ engine, imageService: images, host: 'another', logger: noOpLogger });
    expectParts(await load(await give({ layers: [...shared, await noise(1000)] })), 0.2 * MiB);
  });

  it('has the engine asked once for what cannot change', async () => {
    await load(await give({ layers: shared }));
    const proxy = await startFaultProxy({ engine: engineHost() });
    const counted = new Engine(engineAddress(proxy.host));
    /** The paths of questions for what cannot change. */
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
      expectParts(await load(await give({ layers: [...shared, await noise(1000)] })), 0.2 * MiB);
      expect(asked()).toContainEqual(expect.stringMatching(/info$/));
      expectParts(await load(await give({ layers: [...shared, await noise(2000)] })), 0.2 * MiB);
      expect(new Set(asked()).size).toBe(asked().length);
    } finally {
      counted.close();
      await proxy.close();
    }
  });

  describe('of somebody else', () => {
    /** The archive of an image with other files than those that its configuration names. */
    const theft = async (): Promise<Buffer> =>
      await buildImageArchive({
        layers: [await noise(3 * MiB), await noise(1 * MiB)],
        configuration: {
          rootfs: { type: 'layers', diff_ids: shared.map((layer) => `sha256:${sha256(layer)}`) },
        },
      });

    it('would be given them when it were his own: that is what the others try', async () => {
      await load(await give({ layers: shared }));
      const id = await give(await theft());
      if (takesParts) expect(await load(id)).toBeLessThan(0.2 * MiB);
      else await expect(load(id)).rejects.toBeInstanceOf(ImageUnacceptable);
    });

    it('is fetched as a whole, and loads, when the archive has the layers', async () => {
      await load(await give({ layers: shared }));
      const id = await give({ layers: [...shared, await noise(1000)] }, stranger);
      expect(await load(id, stranger)).toBeGreaterThan(4 * MiB);
      expect(await layersOf(id)).toHaveLength(3);
    });

    it('is refused when the archive only names them', async () => {
      const victim = await give({ layers: shared });
      await load(victim);
      const id = await give(await theft(), stranger);
      await expect(loader.load(stranger, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(layersOf(id)).rejects.toMatchObject({ status: 404 });
    });

    it.each([
      ['the owner of the layers', context],
      ['an administrator', admin],
    ])('is refused also when %s boots it first', async (_who, booting) => {
      await load(await give({ layers: shared }));
      const id = await give(await theft(), stranger, { visibility: 'community' });
      await expect(loader.load(booting, id)).rejects.toBeInstanceOf(ImageUnacceptable);
      await expect(layersOf(id)).rejects.toMatchObject({ status: 404 });
    });

    it('is given the layers of an image that everybody may read, until nobody but its owner may', async () => {
      const base = await give({ layers: shared }, admin, { visibility: 'public' });
      await load(base);
      const mine = await give({ layers: [...shared, await noise(1000)] }, stranger);
      expectParts(await load(mine, stranger), 0.2 * MiB);
      await images.update(admin, base, { visibility: 'private' });
      const next = await give({ layers: [...shared, await noise(2000)] });
      expect(await load(next)).toBeGreaterThan(4 * MiB);
    });

    it('is given them before long however many images of others have the same', async () => {
      const base = await give({ layers: shared }, admin, { visibility: 'public' });
      await load(base);
      for (let each = 0; each < 100; each += 1) {
        const name = { repo: repositoryName(repository.image), tag: tagName(await give(Buffer.alloc(1))) };
        await engine.images.tag(bootReference(base), name);
      }
      await load(await give({ layers: [...shared, await noise(1000)] }, stranger), stranger);
      const mine = await give({ layers: [...shared, await noise(2000)] }, stranger);
      expectParts(await load(mine, stranger), 0.2 * MiB);
    });

    it('is refused when its record says that the layers are somewhere in the archive', async () => {
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

    it('is given none of an image that the engine has under a name of its own', async () => {
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
