import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestContext } from '../../../interfaces/index.js';
import { ImageNotFound, ImageUnacceptable } from '../../../interfaces/index.js';
import { containerRef, type Engine } from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { layerOf } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { CountedImages } from '../../support/counted-images.js';
import { directEngine, inventory, removeImages } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { takeSnapshot } from '../../support/take-snapshot.js';

const host = 'delta-test';
const MiB = 1024 * 1024;
const stranger: RequestContext = { ...context, project_id: 'f0e1d2c3b4a5968778695a4b3c2d1e0f' };
const admin: RequestContext = { ...context, project_id: 'admin', is_admin: true };
const property = 'nova_docker_base';

describe('a delta snapshot', () => {
  let folder: string;
  let engine: Engine;
  let images: CountedImages;
  let ids: string[];
  let before: string[];
  let base: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-delta-'));
    engine = directEngine();
    images = new CountedImages(new DirectoryImageService({ directory: folder }));
    ids = [];
    before = (await inventory()).images;
    base = await give();
  });
  afterEach(async () => {
    await removeImages(ids);
    engine.close();
    await rm(folder, { recursive: true, force: true });
    expect((await inventory()).images).toEqual(before);
  });

  async function give(owner = context, visibility: 'private' | 'public' = 'private'): Promise<string> {
    const large = await layerOf([{ path: 'large', content: randomBytes(3 * MiB) }]);
    const { id } = await images.create(
      owner,
      { container_format: 'docker', disk_format: 'raw', visibility },
      await busyboxImage({ command: ['sleep', '1000'], layers: [large] }),
    );
    ids.push(id);
    return id;
  }

  async function load(image_id: string, as = context): Promise<void> {
    const loader = new ImageLoader({ engine, imageService: images, host, logger: noOpLogger });
    await loader.load(as, image_id);
  }

  /** Runs a command in a container of an image, calls `work`, and removes the container. */
  async function withContainer<T>(
    image_id: string,
    script: string,
    work: (name: ReturnType<typeof containerRef>) => Promise<T>,
  ): Promise<T> {
    const name = containerRef(`nova-${randomUUID()}`);
    await engine.containers.create({
      name,
      specification: {
        Image: bootReference(image_id),
        Cmd: ['sh', '-c', script],
        HostConfig: { NetworkMode: 'none' },
      },
    });
    try {
      await engine.containers.start(name);
      await engine.containers.wait(name);
      return await work(name);
    } finally {
      await engine.containers.remove(name, { force: true });
    }
  }

  /** Runs a script in a container of an image, and saves the container as a snapshot. */
  async function save(image_id: string, script: string, as = context, isDelta = true): Promise<string> {
    await load(image_id, as);
    return await withContainer(image_id, script, async (name) => {
      const { id } = await images.create(as, { name: 'saved' });
      ids.push(id);
      const snapshot = await takeSnapshot(
        { engine, imageService: images, host, logger: noOpLogger },
        {
          context: as,
          container: await engine.containers.inspect(name),
          image_id: id,
          ...(isDelta ? { above: image_id } : {}),
          pause: true,
          update_task_state: () => Promise.resolve(),
        },
      );
      await snapshot.upload();
      return id;
    });
  }

  /** Removes the images from the engine, as on a host that never had them. */
  async function forget(): Promise<void> {
    await removeImages(ids);
  }

  const outputOf = (image_id: string, script: string): Promise<string> =>
    withContainer(image_id, script, async (name) =>
      String(await readAll(await engine.containers.logs(name, { tty: false }), 64 * 1024)),
    );

  const sizeOf = async (image_id: string): Promise<number> =>
    (await images.show(admin, image_id)).size ?? Infinity;

  it("ignores nova_docker_base on a full image to which Nova copied another image's properties", async () => {
    const id = await save(base, 'echo precious > /saved');
    const { properties } = await images.show(context, id);
    const data = await readAll(await images.download(context, base), Infinity);
    const copy = await images.create(
      context,
      { container_format: 'docker', disk_format: 'raw', properties },
      Readable.from([data], { objectMode: false }),
    );
    ids.push(copy.id);
    await forget();
    await load(copy.id);
    expect(await outputOf(copy.id, 'ls -l /large | grep -c 3145728')).toBe('1\n');
  });

  it('contains all layers when its owner may not read the base, and so could not boot a delta', async () => {
    const hidden = await give(admin);
    await load(hidden, admin);
    const id = await save(hidden, 'echo precious > /saved', stranger);
    expect(await sizeOf(id)).toBeGreaterThan(3 * MiB);
    expect((await images.show(stranger, id)).properties).not.toHaveProperty(property);
  });

  it('contains only the changes, and boots with all files on an engine without the base', async () => {
    const id = await save(base, 'echo precious > /saved; rm /etc/image');
    expect(await sizeOf(id)).toBeLessThan(20_000);
    expect((await images.show(context, id)).properties).toHaveProperty(property);
    await forget();
    images.takeBytes();
    await load(id);
    expect([...new Set(images.downloads.map(({ image_id }) => image_id))]).toEqual([base, id]);
    expect(
      await outputOf(id, 'cat /saved; ls -l /large | grep -c 3145728; test -e /etc/image || echo gone'),
    ).toBe('precious\n1\ngone\n');
  });

  it('boots with a download of the changes only where the engine has the base', async () => {
    const id = await save(base, 'echo precious > /saved');
    await removeImages([id]);
    images.takeBytes();
    await load(id);
    expect(images.takeBytes()).toBeLessThan(20_000);
  });

  it('is optional: a full snapshot has an index for partial downloads', async () => {
    const id = await save(base, 'echo precious > /saved', context, false);
    expect(await sizeOf(id)).toBeGreaterThan(3 * MiB);
    const { properties } = await images.show(context, id);
    expect(properties).toHaveProperty('nova_docker_index');
    await removeImages([id]);
    images.takeBytes();
    await load(id);
    // The configuration, and the one layer that the base does not have.
    expect(images.downloads).toHaveLength(2);
    expect(images.takeBytes()).toBeLessThan(50_000);
    expect(await outputOf(id, 'cat /saved')).toBe('precious\n');
  });

  it('of an unchanged instance boots', async () => {
    const id = await save(base, 'true');
    expect(await sizeOf(id)).toBeLessThan(20_000);
    await forget();
    await load(id);
    expect(await outputOf(id, 'ls -l /large | grep -c 3145728')).toBe('1\n');
  });

  it('can be chained seven times; the next snapshot contains all layers', async () => {
    const chain = [base];
    while ((await sizeOf(chain.at(-1) ?? '')) < 20_000 || chain.length === 1) {
      chain.push(await save(chain.at(-1) ?? '', `echo ${chain.length} > /saved${chain.length}`));
      expect(chain.length).toBeLessThan(10);
    }
    expect(chain).toHaveLength(9);
    expect((await images.show(context, chain[8] ?? '')).properties).not.toHaveProperty(property);
    await forget();
    const id = chain[7] ?? '';
    await load(id);
    expect(await outputOf(id, 'cat /saved*')).toBe('1\n2\n3\n4\n5\n6\n7\n');
  });

  it('is refused when its public base has become private', async () => {
    const common = await give(admin, 'public');
    const id = await save(common, 'echo precious > /saved', stranger);
    expect(await sizeOf(id)).toBeLessThan(20_000);
    await images.update(admin, common, { visibility: 'private' });
    await forget();
    images.takeBytes();
    await expect(load(id, stranger)).rejects.toBeInstanceOf(ImageNotFound);
    await expect(load(id, admin)).rejects.toBeInstanceOf(ImageUnacceptable);
    expect(images.downloads).toEqual([]);
  });

  it('is refused before its download when its base is missing, circular or has other data', async () => {
    const id = await save(base, 'echo precious > /saved');
    await forget();
    images.takeBytes();
    const { properties } = await images.show(context, id);
    const reference: unknown = JSON.parse(properties[property] ?? '');
    const rewritten = async (changes: object): Promise<void> => {
      await images.update(context, id, {
        properties: { [property]: JSON.stringify(Object.assign({}, reference, changes)) },
      });
    };
    await rewritten({ hash: 'sha512:00' });
    await expect(load(id)).rejects.toThrow(/data has changed since/);
    await rewritten({ base: id });
    await expect(load(id)).rejects.toThrow(/is its own base image/);
    expect(images.downloads).toEqual([]);
    await rewritten({ base: await give(), hash: null });
    await expect(load(id)).rejects.toThrow(/layers have changed since/);
    expect(images.downloads.map(({ image_id }) => image_id)).not.toContain(id);
    await rewritten({});
    await images.delete(context, base);
    await expect(load(id)).rejects.toThrow(new RegExp(`delta of image ${base}, which cannot be found`));
  });

  it('gives another tenant no private image whose nova_docker_base that tenant copies', async () => {
    await load(base);
    const own = await save(base, 'echo precious > /saved');
    const data = await readAll(await images.download(context, own), Infinity);
    const { properties } = await images.show(context, own);
    const { id } = await images.create(
      stranger,
      { container_format: 'docker', disk_format: 'raw', visibility: 'community' },
      Readable.from([data], { objectMode: false }),
    );
    ids.push(id);
    const reference: unknown = JSON.parse(properties[property] ?? '');
    const stolen = JSON.stringify(Object.assign({}, reference, { image: id }));
    await expect(load(id, stranger)).rejects.toBeInstanceOf(ImageUnacceptable);
    await images.update(stranger, id, { properties: { [property]: stolen } });
    await expect(load(id, stranger)).rejects.toBeInstanceOf(ImageNotFound);
    for (const as of [context, admin])
      await expect(load(id, as)).rejects.toThrow(/belongs to another project and is not public/);
  });
});
