import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ImageNotAuthorized,
  ImageNotFound,
  InvalidInput,
  type Progress,
  type RequestContext,
} from '../../../interfaces/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { layerOf } from '../../support/archives.js';
import { inventory } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { eventually } from '../contract/harness.js';
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
    ['in the docker-save layout', { layout: 'docker' }],
    ['in the docker-save layout, compressed', { layout: 'docker', gzip: true }],
    ['in the OCI layout', { layout: 'oci' }],
    ['in the OCI layout with compressed layers', { layout: 'oci-gzip' }],
  ] as const)('loads an archive %s under the boot reference of its id', async (_what, layout) => {
    const twin = await layerOf([{ path: 'etc/twin', content: 'twice' }]);
    const { id, engineId } = await stage.newImage({
      ...layout,
      layers: [twin, twin],
      config: { Env: ['A=1'], Cmd: ['/bin/sh', '-c', 'true'], Labels: { a: 'b' }, WorkingDir: '/etc' },
    });
    await stage.newLoader().load(context, id);
    const reference = bootReference(id);
    expect(reference).toBe(`nova-docker-driver.invalid/image:${id}`);
    const image = await stage.inspect(reference);
    expect(image.RepoTags).toEqual([reference]);
    expect(image.RootFS.Layers).toHaveLength(3);
    expect(image.Config).toMatchObject({ Env: ['A=1'], Labels: { a: 'b' } });
    const classic = image.Id === engineId;
    if (!classic) expect(image.RepoDigests.join()).toContain(image.Id);
  });

  it('loads an archive that the engine saved, with repeated layers', async () => {
    const twin = await layerOf([{ path: 'etc/twin', content: 'twice' }]);
    const { id } = await stage.newImage({ layers: [twin, twin], config: { Env: ['A=1'] } });
    const loader = stage.newLoader();
    await loader.load(context, id);
    const original = await stage.inspect(bootReference(id));
    const copy = randomUUID();
    stage.loaded.push(copy);
    stage.images.give(copy, { data: await readAll(await stage.engine.images.save(bootReference(id)), MiB) });
    await loader.load(context, copy);
    const { RootFS: files, Config: config } = await stage.inspect(bootReference(copy));
    expect(files).toEqual(original.RootFS);
    expect(config).toEqual(original.Config);
  });

  it('sends no request to the image service for an image that the engine has', async () => {
    const { id } = await stage.newImage();
    const loader = stage.newLoader();
    await expect(loader.load(context, id)).resolves.toBe(true);
    stage.images.shows.length = 0;
    await expect(loader.load(context, id)).resolves.toBe(false);
    expect(stage.images.shows).toEqual([]);
    expect(stage.images.downloads).toEqual([id]);
  });

  it('downloads and loads an image once for concurrent callers', async () => {
    const { id } = await stage.newImage();
    const loader = stage.newLoader();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => loader.load(context, id)));
    // On a busy machine a caller may come after the load has ended, and gets false.
    expect(outcomes).toContain(true);
    expect(stage.images.downloads).toEqual([id]);
    expect(stage.proxy.requests().filter(({ path }) => path.includes('/images/load'))).toHaveLength(1);
  });

  it('rejects concurrent callers with the same failure, and downloads again afterwards', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, {
      data: async () => {
        await eventually('both callers have seen the record', () => stage.images.shows.length === 2);
        // Nothing tells when the second caller joins the first.
        await sleep(1000);
        return Readable.from([archive.subarray(0, 3000)]);
      },
    });
    const loader = stage.newLoader();
    const outcomes = await Promise.allSettled([loader.load(context, id), loader.load(context, id)]);
    expect(outcomes).toMatchObject([
      { reason: { name: 'ImageUnacceptable' } },
      { reason: { name: 'ImageUnacceptable' } },
    ]);
    expect(stage.images.downloads).toHaveLength(1);
    stage.images.give(id, { data: archive });
    await expect(loader.load(context, id)).resolves.toBe(true);
  });

  it('continues for the other callers when one aborts', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, { data: () => slowly(archive) });
    const loader = stage.newLoader();
    const controller = new AbortController();
    const leaving = loader.load(context, id, { signal: controller.signal });
    const staying = loader.load(context, id);
    while (stage.images.downloads.length === 0) await sleep(5);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    await expect(staying).resolves.toBe(true);
    expect(stage.images.downloads).toEqual([id]);
  });

  it('aborts the download when the last caller aborts, and starts another for the next caller', async () => {
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
    while (streams.length === 0) await sleep(5);
    for (const controller of controllers) controller.abort(new Error('left'));
    await turn();
    const next = loader.load(context, id);
    const outcomes = await Promise.allSettled(leaving);
    expect(outcomes).toMatchObject([{ reason: { message: 'left' } }, { reason: { message: 'left' } }]);
    expect(streams[0]?.destroyed).toBe(true);
    await expect(next).resolves.toBe(true);
    expect(streams).toHaveLength(2);
  });

  it('removes the image when the last caller aborts while the engine unpacks it', async () => {
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

  it('does not start a download for a caller whose signal has aborted', async () => {
    const { id } = await stage.newImage();
    const reason = new Error('never mind');
    await expect(stage.newLoader().load(context, id, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(stage.images.downloads).toEqual([]);
  });

  it('loads at most `concurrency` images at the same time', async () => {
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

  it('reports progress to every caller, also to one that joins late', async () => {
    const { id, archive } = await stage.newImage();
    stage.images.give(id, { data: () => slowly(archive) });
    const loader = stage.newLoader();
    const seen: Progress[][] = [[], []];
    const first = loader.load(context, id, { onProgress: (progress) => seen[0]?.push(progress) });
    await sleep(30);
    const late = loader.load(context, id, { onProgress: (progress) => seen[1]?.push(progress) });
    await Promise.all([first, late]);
    for (const reports of seen) expect(reports.at(-1)).toMatchObject({ phase: 'loading' });
  });

  describe('for callers with different permissions', () => {
    const stranger: RequestContext = { ...context, user_id: 'stranger' };

    it('refuses a caller that may not read the image, also while another caller loads it', async () => {
      const { id, archive } = await stage.newImage();
      stage.images.give(id, { data: () => slowly(archive) });
      stage.images.forbid(stranger, 'show');
      const loader = stage.newLoader();
      const allowed = loader.load(context, id);
      await expect(loader.load(stranger, id)).rejects.toBeInstanceOf(ImageNotAuthorized);
      await expect(allowed).resolves.toBe(true);
      expect(stage.images.downloads).toEqual([id]);
    });

    it("downloads with the next caller's context when the image service refuses the first", async () => {
      const { id } = await stage.newImage();
      stage.images.forbid(stranger, 'download');
      const loader = stage.newLoader();
      const images = [await loader.hold(id), await loader.hold(id), await loader.hold(id)];
      const callers = [stranger, context, context];
      const outcomes = await Promise.allSettled(
        images.map((image, position) => image.load(callers[position] ?? context)),
      );
      for (const image of images) image.keep();
      expect(outcomes).toMatchObject([
        { reason: { name: 'ImageNotAuthorized' } },
        { value: true },
        { value: true },
      ]);
      expect(stage.images.downloads).toEqual([id, id]);
    });
  });

  it("rejects with the image service's ImageNotFound", async () => {
    await expect(stage.newLoader().load(context, 'unknown')).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('refuses an id that is no valid tag', async () => {
    for (const id of ['', '../x', 'a b', 'a:b', '.a', 'a'.repeat(129)])
      await expect(stage.newLoader().load(context, id)).rejects.toBeInstanceOf(InvalidInput);
  });
});

/** Streams bytes in ten pieces, one every ten milliseconds. */
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
