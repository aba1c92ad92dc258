import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DownloadOptions, Progress, RequestContext } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import { DirectoryImageService } from '../../../lib/index.js';
import { buildImageArchive, layerOf, sha256 } from '../../support/archives.js';
import { busyboxFiles } from '../../support/busybox-image.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { hasContainerdStore } from '../../support/engine.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import type { Harness } from '../contract/harness.js';

/** With the containerd store, engines accept no partial images, and report no progress while they load. */
const containerdStore = await hasContainerdStore();

describe('a progress listener that always throws', () => {
  const warnings: string[] = [];
  let harness: Harness;
  beforeAll(async () => {
    const warn = (message: string): void => void warnings.push(message);
    harness = await dockerHarness({ logger: { ...noOpLogger, warn } });
  });
  afterAll(() => harness.close());

  it('fails no verb, and each verb logs it once', async () => {
    const { driver, boot, context, image } = harness;
    const instance = await boot();
    const onProgress = (): never => {
      throw new Error('this listener always fails');
    };
    await driver.rebuild(context, instance, image, { onProgress });
    await driver.rescue(context, instance, [], image, { onProgress });
    await driver.unrescue(context, instance, { onProgress });
    expect((await driver.get_info(instance)).state).toBe(power_state.RUNNING);
    expect(warnings.filter((message) => message.includes('onProgress'))).toHaveLength(3);
  });
});

/** A directory of images with a slow download. */
class SlowImages extends DirectoryImageService {
  override async download(
    context: RequestContext,
    image_id: string,
    options?: DownloadOptions,
  ): Promise<Readable> {
    const data = await super.download(context, image_id, options);
    const slowly = async function* (): AsyncGenerator<unknown, void, void> {
      for await (const chunk of data) {
        await sleep(50);
        yield chunk;
      }
    };
    return Readable.from(slowly(), { objectMode: false });
  }
}

describe('the progress', () => {
  const MiB = 1024 * 1024;
  let folder: string;
  let harness: Harness;
  /** Layers that two images have in common. */
  let shared: Buffer[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-images-'));
    shared = [await layer(), await layer()];
    harness = await dockerHarness({ imageService: new SlowImages({ directory: folder }) });
  });
  afterAll(async () => {
    await harness.close();
    await rm(folder, { recursive: true, force: true });
  });

  const layer = (): Promise<Buffer> => layerOf([{ path: 'data', content: randomBytes(4 * MiB) }]);
  const digestOf = (bytes: Buffer): string => `sha256:${sha256(bytes)}`;

  async function newImage(layers: readonly Buffer[]): Promise<string> {
    const archive = await buildImageArchive({
      layout: 'oci',
      layers: [await busyboxFiles(), ...layers],
      config: { Cmd: ['sleep', '1000'] },
    });
    const { id } = await harness.imageService.create(
      harness.context,
      { container_format: 'docker', disk_format: 'raw' },
      Readable.from([archive], { objectMode: false }),
    );
    return id;
  }

  async function spawned(image_id: string): Promise<Progress[]> {
    const told: Progress[] = [];
    const { driver, context } = harness;
    const instance = newInstance();
    await driver.spawn(context, instance, newImageMeta(image_id), { onProgress: (each) => told.push(each) });
    await driver.destroy(context, instance, []);
    return told;
  }

  const of = (phase: Progress['phase'], told: readonly Progress[]): Progress[] =>
    told.filter((each) => each.phase === phase);
  const layersOf = (told: readonly Progress[]): Set<string | undefined> =>
    new Set(told.map(({ layer: name }) => name));

  function mustBeWhole(told: readonly Progress[]): void {
    told.forEach(({ bytes, total }, index) => {
      expect(bytes).toBeGreaterThanOrEqual(told[index - 1]?.bytes ?? 0);
      expect(total ?? Infinity).toBeGreaterThanOrEqual(bytes);
    });
    const last = told.at(-1);
    expect(last?.bytes).toBeGreaterThan(0);
    expect(last?.total).toBe(last?.bytes);
    expect(last).not.toHaveProperty('layer');
  }

  it('of a spawn has layers, bytes, total and rate while the whole image is downloaded', async () => {
    const id = await newImage(shared);
    const told = await spawned(id);
    // On a slow machine, the driver reports that it waits, too.
    const phases = new Set(told.map(({ phase }) => phase).filter((phase) => phase !== 'waiting'));
    expect([...phases]).toEqual(['downloading', 'loading', 'starting']);
    const downloading = of('downloading', told);
    mustBeWhole(downloading);
    const { size } = await harness.imageService.show(harness.context, id);
    expect(downloading.every(({ total }) => total === size)).toBe(true);
    for (const each of shared) expect(layersOf(downloading)).toContain(digestOf(each));
    // At most 512 KiB every 50 ms, plus the data that was buffered.
    const { rate } = downloading.at(-1) ?? {};
    expect(rate).toBeGreaterThan(MiB / 2);
    expect(rate).toBeLessThan(15 * MiB);
    expect(downloading.filter((each) => each.rate !== undefined).length).toBeGreaterThan(2);

    const loading = of('loading', told);
    expect(loading[0]).toEqual({ phase: 'loading', bytes: 0 });
    if (containerdStore) expect(loading).toHaveLength(1);
    else {
      mustBeWhole(loading);
      expect(loading.at(-1)?.bytes).toBeGreaterThan(8 * MiB);
      expect(layersOf(loading).size).toBeGreaterThan(1);
    }
  });

  it('of a spawn goes on while the engine has the whole image and says nothing', async () => {
    const id = await newImage([await layer()]);
    const { driver, context } = harness;
    const told: Progress[] = [];
    // Four seconds pass when the engine has the image. All other timers are real.
    const others = [
      'setTimeout',
      'setImmediate',
      'nextTick',
      'performance',
      'Date',
      'queueMicrotask',
    ] as const;
    jest.useFakeTimers({ doNotFake: [...others] });
    try {
      await driver.cache_image(context, id, {
        onProgress: (each) => {
          told.push(each);
          if (each.phase === 'loading' && each.bytes === 0)
            setImmediate(() => jest.advanceTimersByTime(4000));
        },
      });
    } finally {
      jest.useRealTimers();
    }
    expect(of('waiting', told)[0]).toEqual({ phase: 'waiting', bytes: 0 });
  });

  it('of a spawn counts only downloaded layers, also for a caller that joins the download', async () => {
    await spawned(await newImage(shared));
    const above = await layer();
    const id = await newImage([...shared, above]);
    const { driver, context } = harness;
    const told: Progress[] = [];
    const joined: Progress[] = [];
    const joining: Promise<unknown>[] = [];
    let before = 0;
    const instance = newInstance();
    const onProgress = (each: Progress): void => {
      told.push(each);
      if (joining.length > 0 || each.bytes < MiB) return;
      before = each.bytes;
      joining.push(driver.cache_image(context, id, { onProgress: (now) => joined.push(now) }));
    };
    await driver.spawn(context, instance, newImageMeta(id), { onProgress });
    await Promise.all(joining);
    await driver.destroy(context, instance, []);

    const total = above.length;
    const downloading = of('downloading', told);
    mustBeWhole(downloading);
    expect(downloading.every((each) => each.total === total)).toBe(true);
    expect(joined[0]).toMatchObject({ phase: 'downloading', total });
    expect(layersOf(downloading)).toEqual(new Set([digestOf(above), undefined]));
    expect(joined[0]).toHaveProperty('layer', digestOf(above));
    if (!containerdStore) {
      mustBeWhole(of('loading', told));
      expect(of('loading', told).at(-1)?.bytes).toBe(above.length);
    }

    expect(before).toBeLessThan(above.length);
    expect(joined[0]?.bytes).toBeGreaterThanOrEqual(before);
    mustBeWhole(of('downloading', joined));
  });

  it('of a snapshot has layers and bytes, and ends with all bytes', async () => {
    const { driver, context, imageService } = harness;
    const instance = newInstance();
    await driver.spawn(context, instance, newImageMeta(await newImage(shared)));
    const told: Progress[] = [];
    const { id } = await imageService.create(context, { name: 'snapshot' });
    await driver.snapshot(context, instance, id, () => Promise.resolve(), {
      onProgress: (each) => told.push(each),
    });
    await driver.destroy(context, instance, []);
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['committing', 'uploading']);
    const uploading = of('uploading', told);
    mustBeWhole(uploading);
    expect(uploading.at(-1)?.bytes).toBe((await imageService.show(context, id)).size);
    expect([...layersOf(uploading)].some((each) => each !== undefined)).toBe(true);
  });
});
