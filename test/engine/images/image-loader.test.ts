import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageNotFound, InvalidInput, type Progress } from '../../../interfaces/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { layerOf } from '../../support/archives.js';
import { inventory } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { LoaderStage } from './loader-stage.js';

const MiB = 1024 * 1024;

describe('ImageLoader', () => {
  let stage: LoaderStage;
  beforeEach(async () => {
    stage = await LoaderStage.open();
  });
  afterEach(async () => {
    await stage.close();
  });

  it.each([
    ['of the old layout', { layout: 'docker' }],
    ['of the old layout, compressed', { layout: 'docker', gzip: true }],
    ['of the OCI layout', { layout: 'oci' }],
    ['of the OCI layout with compressed layers', { layout: 'oci-gzip' }],
  ] as const)('loads an archive %s under the name that follows from its id', async (_what, layout) => {
    const twin = await layerOf([{ path: 'etc/twin', content: 'twice' }]);
    const { id, engineId } = await stage.newImage({
      ...layout,
      layers: [twin, twin],
      config: { Env: ['A=1'], Cmd: ['/bin/sh', '-c', 'true'], Labels: { a: 'b' }, WorkingDir: '/etc' },
    });
    const reference = await stage.newLoader().load(context, id);
    expect(reference).toBe(`nova-docker-driver/image:${id}`);
    const image = await stage.inspect(reference);
    expect(image.RepoTags).toEqual([reference]);
    expect(image.RootFS.Layers).toHaveLength(3);
    expect(image.Config).toMatchObject({ Env: ['A=1'], Labels: { a: 'b' } });
    const classic = image.Id === engineId;
    if (!classic) expect(image.RepoDigests.join()).toContain(image.Id);
  });

  it('loads what the engine itself saves, repeated layers and all', async () => {
    const twin = await layerOf([{ path: 'etc/twin', content: 'twice' }]);
    const { id } = await stage.newImage({ layers: [twin, twin], config: { Env: ['A=1'] } });
    const loader = stage.newLoader();
    const original = await stage.inspect(await loader.load(context, id));
    const copy = randomUUID();
    stage.loaded.push(copy);
    stage.images.give(copy, { data: await readAll(await stage.engine.images.save(bootReference(id)), MiB) });
    const { RootFS: files, Config: config } = await stage.inspect(await loader.load(context, copy));
    expect(files).toEqual(original.RootFS);
    expect(config).toEqual(original.Config);
  });

  it('loads an image again that is there already', async () => {
    const { id } = await stage.newImage();
    const loader = stage.newLoader();
    const reference = await loader.load(context, id);
    const { Id: first } = await stage.inspect(reference);
    await loader.load(context, id);
    expect((await stage.inspect(reference)).Id).toBe(first);
    expect(stage.images.downloads).toEqual([id, id]);
  });

  it('fetches an image once for all who want it at the same time, and loads it once', async () => {
    const { id } = await stage.newImage();
    const loader = stage.newLoader();
    const references = await Promise.all(Array.from({ length: 20 }, () => loader.load(context, id)));
    expect(new Set(references)).toEqual(new Set([bootReference(id)]));
    expect(stage.images.downloads).toEqual([id]);
    expect(stage.proxy.requests().filter(({ path }) => path.includes('/images/load'))).toHaveLength(1);
  });

  it('tells all callers of the same failure, and starts afresh for the next', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, { data: archive.subarray(0, 3000) });
    const loader = stage.newLoader();
    const outcomes = await Promise.allSettled([loader.load(context, id), loader.load(context, id)]);
    expect(outcomes).toMatchObject([
      { reason: { name: 'ImageUnacceptable' } },
      { reason: { name: 'ImageUnacceptable' } },
    ]);
    expect(stage.images.downloads).toHaveLength(1);
    stage.images.give(id, { data: archive });
    await expect(loader.load(context, id)).resolves.toBe(bootReference(id));
  });

  it('lets one caller leave while the others get their image', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, { data: () => slowly(archive) });
    const loader = stage.newLoader();
    const controller = new AbortController();
    const leaving = loader.load(context, id, { signal: controller.signal });
    const staying = loader.load(context, id);
    await sleep(20);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    await expect(staying).resolves.toBe(bootReference(id));
    expect(stage.images.downloads).toEqual([id]);
  });

  it('breaks off when the last caller leaves, and serves the one who comes then', async () => {
    const { id, archive } = await stage.newImage();
    const streams: Readable[] = [];
    stage.images.give(id, {
      data: () => {
        const stream = slowly(archive);
        streams.push(stream);
        return stream;
      },
    });
    const loader = stage.newLoader();
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
    const { id } = await stage.newImage({
      layers: [await layerOf([{ path: 'large', content: randomBytes(64 * MiB) }])],
    });
    const controller = new AbortController();
    const reason = new Error('left');
    const loading = stage.newLoader().load(context, id, {
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === 'loading') controller.abort(reason);
      },
    });
    await expect(loading).rejects.toBe(reason);
    expect((await inventory()).images).toEqual(stage.before);
  });

  it('does not begin for a caller whose signal has aborted', async () => {
    const { id } = await stage.newImage();
    const reason = new Error('never mind');
    await expect(stage.newLoader().load(context, id, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(stage.images.downloads).toEqual([]);
  });

  it('lets no more images than told be loaded at the same time', async () => {
    let open = 0;
    let most = 0;
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { id, archive } = await stage.newImage();
        stage.images.give(id, {
          data: () => {
            open += 1;
            most = Math.max(most, open);
            return slowly(archive).once('close', () => (open -= 1));
          },
        });
        return id;
      }),
    );
    const loader = stage.newLoader({ concurrency: 2 });
    await Promise.all(ids.map((id) => loader.load(context, id)));
    expect(most).toBe(2);
  });

  it('tells every caller how it gets on, also one who comes late, and none can disturb the others', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, { data: () => slowly(archive) });
    const loader = stage.newLoader();
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
    await expect(stage.newLoader().load(context, 'unknown')).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('takes no id that could not be a tag', async () => {
    for (const id of ['', '../x', 'a b', 'a:b', '.a', 'a'.repeat(129)])
      await expect(stage.newLoader().load(context, id)).rejects.toBeInstanceOf(InvalidInput);
  });
});

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
