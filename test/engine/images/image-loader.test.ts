import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageNotFound, InvalidInput, type Progress } from '../../../interfaces/index.js';
import {
  Engine,
  engineAddress,
  imageReference,
  repositoryName,
  tagName,
  type ImageReference,
} from '../../../lib/engine/index.js';
import { bootReference, ImageLoader, type ImageLoaderOptions } from '../../../lib/images/index.js';
import { temporaryName } from '../../../lib/images/temporary-image.js';
import { repository } from '../../../lib/labels.js';
import { startFaultProxy, type FaultProxy } from '../../../lib/testing/index.js';
import { buildImageArchive, imageIdOf, layerOf, type ImageArchiveOptions } from '../../support/archives.js';
import { directEngine, engineHost, inventory, removeImages } from '../../support/engine.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';
import { silentLogger } from '../../support/silent-logger.js';

const MiB = 1024 * 1024;

describe('ImageLoader', () => {
  let proxy: FaultProxy;
  let engine: Engine;
  let images: GivenImages;
  let loaded: string[];
  let before: string[];

  beforeEach(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    engine = new Engine(engineAddress(proxy.host));
    images = new GivenImages();
    loaded = [];
    before = (await inventory()).images;
  });
  afterEach(async () => {
    await removeImages(loaded);
    engine.close();
    await proxy.close();
    // Whatever happened, nothing is left but what a test loaded on purpose.
    expect((await inventory()).images).toEqual(before);
  });

  function newLoader(options: Partial<ImageLoaderOptions> = {}): ImageLoader {
    return new ImageLoader({
      engine,
      imageService: images,
      host: 'image-loader',
      logger: silentLogger,
      ...options,
    });
  }

  /** An image that no other test has. */
  async function newImage(
    options: ImageArchiveOptions = {},
  ): Promise<{ id: string; archive: Buffer; engineId: string }> {
    const given = {
      ...options,
      layers: [...(options.layers ?? []), [{ path: 'etc/id', content: randomUUID() }]],
    };
    const id = randomUUID();
    const archive = await buildImageArchive(given);
    images.give(id, { data: archive });
    loaded.push(id);
    return { id, archive, engineId: await imageIdOf(given) };
  }

  async function inspect(reference: ImageReference): ReturnType<Engine['images']['inspect']> {
    const direct = directEngine();
    try {
      return await direct.images.inspect(reference);
    } finally {
      direct.close();
    }
  }

  it.each([
    ['of the old layout', { layout: 'docker' }],
    ['of the old layout, compressed', { layout: 'docker', gzip: true }],
    ['of the OCI layout', { layout: 'oci' }],
    ['of the OCI layout with compressed layers', { layout: 'oci-gzip' }],
  ] as const)('loads an archive %s under the name that follows from its id', async (_what, layout) => {
    const twin = await layerOf([{ path: 'etc/twin', content: 'twice' }]);
    const { id, engineId } = await newImage({
      ...layout,
      layers: [twin, twin],
      config: { Env: ['A=1'], Cmd: ['/bin/sh', '-c', 'true'], Labels: { a: 'b' }, WorkingDir: '/etc' },
    });
    const reference = await newLoader().load(context, id);
    expect(reference).toBe(`nova-docker-driver/image:${id}`);
    const image = await inspect(reference);
    expect(image.RepoTags).toEqual([reference]);
    expect(image.RootFS.Layers).toHaveLength(3);
    expect(image.Config).toMatchObject({ Env: ['A=1'], Labels: { a: 'b' } });
    const classic = image.Id === engineId;
    if (!classic) expect(image.RepoDigests.join()).toContain(image.Id);
  });

  it('loads an image again that is there already', async () => {
    const { id } = await newImage();
    const loader = newLoader();
    const reference = await loader.load(context, id);
    const { Id: first } = await inspect(reference);
    await loader.load(context, id);
    expect((await inspect(reference)).Id).toBe(first);
    expect(images.downloads).toEqual([id, id]);
  });

  it('fetches an image once for all who want it at the same time, and loads it once', async () => {
    const { id } = await newImage();
    const loader = newLoader();
    const references = await Promise.all(Array.from({ length: 20 }, () => loader.load(context, id)));
    expect(new Set(references)).toEqual(new Set([bootReference(id)]));
    expect(images.downloads).toEqual([id]);
    expect(proxy.requests().filter(({ path }) => path.includes('/images/load'))).toHaveLength(1);
  });

  it('tells all callers of the same failure, and starts afresh for the next', async () => {
    const { id, archive } = await newImage();
    images.give(id, { data: archive.subarray(0, 3000) });
    const loader = newLoader();
    const outcomes = await Promise.allSettled([loader.load(context, id), loader.load(context, id)]);
    expect(outcomes).toMatchObject([
      { reason: { name: 'ImageUnacceptable' } },
      { reason: { name: 'ImageUnacceptable' } },
    ]);
    expect(images.downloads).toHaveLength(1);
    images.give(id, { data: archive });
    await expect(loader.load(context, id)).resolves.toBe(bootReference(id));
  });

  it('lets one caller leave while the others get their image', async () => {
    const { id, archive } = await newImage();
    images.give(id, { data: () => slowly(archive) });
    const loader = newLoader();
    const controller = new AbortController();
    const leaving = loader.load(context, id, { signal: controller.signal });
    const staying = loader.load(context, id);
    await sleep(20);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    await expect(staying).resolves.toBe(bootReference(id));
    expect(images.downloads).toEqual([id]);
  });

  it('breaks off when the last caller leaves, and serves the one who comes then', async () => {
    const { id, archive } = await newImage();
    const streams: Readable[] = [];
    images.give(id, {
      data: () => {
        const stream = slowly(archive);
        streams.push(stream);
        return stream;
      },
    });
    const loader = newLoader();
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => loader.load(context, id, { signal }));
    await sleep(20);
    for (const controller of controllers) controller.abort(new Error('left'));
    await turn();
    const next = loader.load(context, id);
    const outcomes = await Promise.allSettled(leaving);
    expect(outcomes).toMatchObject([{ reason: { message: 'left' } }, { reason: { message: 'left' } }]);
    expect(streams[0]?.destroyed).toBe(true);
    await expect(next).resolves.toBe(bootReference(id));
    expect(streams).toHaveLength(2);
  });

  it('undoes what the engine did when the last caller leaves while it unpacks', async () => {
    const { id } = await newImage({
      layers: [await layerOf([{ path: 'large', content: randomBytes(64 * MiB) }])],
    });
    const controller = new AbortController();
    const reason = new Error('left');
    const loading = newLoader().load(context, id, {
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === 'loading') controller.abort(reason);
      },
    });
    await expect(loading).rejects.toBe(reason);
    expect((await inventory()).images).toEqual(before);
  });

  it('does not begin for a caller whose signal has aborted', async () => {
    const { id } = await newImage();
    const reason = new Error('never mind');
    await expect(newLoader().load(context, id, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(images.downloads).toEqual([]);
  });

  it('lets no more images than told be loaded at the same time', async () => {
    let open = 0;
    let most = 0;
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { id, archive } = await newImage();
        images.give(id, {
          data: () => {
            open += 1;
            most = Math.max(most, open);
            return slowly(archive).once('close', () => (open -= 1));
          },
        });
        return id;
      }),
    );
    const loader = newLoader({ concurrency: 2 });
    await Promise.all(ids.map((id) => loader.load(context, id)));
    expect(most).toBe(2);
  });

  it('tells every caller how it gets on, also one who comes late, and none can disturb the others', async () => {
    const { id, archive } = await newImage();
    images.give(id, { data: () => slowly(archive) });
    const loader = newLoader();
    const seen: Progress[][] = [[], []];
    const first = loader.load(context, id, { onProgress: (progress) => seen[0]?.push(progress) });
    const rude = loader.load(context, id, {
      onProgress: () => {
        throw new Error('I am rude');
      },
    });
    await sleep(30);
    const late = loader.load(context, id, { onProgress: (progress) => seen[1]?.push(progress) });
    await Promise.all([first, rude, late]);
    for (const reports of seen) expect(reports.at(-1)).toEqual({ phase: 'loading', bytes: 0 });
  });

  it('passes on what the image service says', async () => {
    await expect(newLoader().load(context, 'unknown')).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('takes no id that could not be a tag', async () => {
    for (const id of ['', '../x', 'a b', 'a:b', '.a', 'a'.repeat(129)])
      await expect(newLoader().load(context, id)).rejects.toBeInstanceOf(InvalidInput);
  });

  describe.each([
    ['/images/load', 'lose-answer'],
    ['/images/load', 'drop-request'],
    ['/images/nova-docker-driver/loading:.*/json', 'lose-answer'],
    ['/images/nova-docker-driver/loading:.*/tag', 'lose-answer'],
    ['/images/nova-docker-driver/loading:.*/tag', 'drop-request'],
  ] as const)('when the connection breaks at %s (%s)', (path, kind) => {
    it('fails, leaves nothing unverified, and succeeds the next time', async () => {
      const { id } = await newImage();
      const loader = newLoader();
      const fault = proxy.inject({ path: new RegExp(path), kind, times: 2 });
      await expect(loader.load(context, id)).rejects.toMatchObject({ name: 'EngineUnreachable' });
      expect(fault.struck().length).toBeGreaterThan(0);
      fault.withdraw();
      expect((await inventory()).images.filter((image) => image.includes('/loading:'))).toEqual([]);
      await expect(loader.load(context, id)).resolves.toBe(bootReference(id));
    });
  });

  it('removes its temporary name although the connection breaks again and again', async () => {
    const { id } = await newImage();
    proxy.inject({ method: 'DELETE', kind: 'drop-request', times: 1 });
    proxy.inject({ method: 'DELETE', kind: 'lose-answer', times: 1 });
    await expect(newLoader().load(context, id)).resolves.toBe(bootReference(id));
    expect((await inspect(bootReference(id))).RepoTags).toEqual([bootReference(id)]);
  });

  it('fails with what the engine says when that is about the engine and not about the image', async () => {
    const { id } = await newImage();
    proxy.inject({ path: /images\/load/, kind: 'answer', status: 500, message: 'out of sorts' });
    await expect(newLoader().load(context, id)).rejects.toMatchObject({
      name: 'EngineError',
      engineMessage: 'out of sorts',
    });
  });

  describe('removeLeftovers', () => {
    it("removes what a crash of its own host left, and neither another host's nor anybody else's images", async () => {
      const { id } = await newImage();
      const loader = newLoader();
      const reference = await loader.load(context, id);
      const direct = directEngine();
      const names = [
        [repository.loading, tagOf('image-loader')],
        [repository.snapshot, tagOf('image-loader')],
        [repository.loading, tagOf('another')],
        [repository.snapshot, 'latest'],
        [`${repository.loading}-of-mine`, tagOf('image-loader')],
      ] as const;
      const references = names.map(([repo, tag]) => imageReference(repo, tag));
      try {
        for (const [repo, tag] of names)
          await direct.images.tag(reference, { repo: repositoryName(repo), tag: tagName(tag) });
        await loader.removeLeftovers();
        const { RepoTags: left } = await direct.images.inspect(reference);
        expect(new Set(left)).toEqual(new Set([reference, ...references.slice(2)]));
      } finally {
        for (const each of references.slice(2)) await direct.images.remove(each);
        direct.close();
      }
    });
  });
});

/** The tag of a temporary image of this host. */
const tagOf = (host: string): string => temporaryName(repository.loading, host).tag;

/** Gives bytes in small pieces, one every few milliseconds. */
function slowly(bytes: Buffer): Readable {
  const pieces = 10;
  const size = Math.ceil(bytes.length / pieces);
  return Readable.from(
    (async function* () {
      for (let at = 0; at < bytes.length; at += size) {
        await sleep(10);
        yield bytes.subarray(at, at + size);
      }
    })(),
    { objectMode: false },
  );
}
