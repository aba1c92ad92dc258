import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { label, repository } from '../../../lib/common/labels.js';
import {
  containerRef,
  imageReference,
  repositoryName,
  tagName,
  type ContainerSpecification,
  type Engine,
  type ImageReference,
} from '../../../lib/engine/index.js';
import { writeUnusedSince } from '../../../lib/images/unused-times.js';
import { bootReference, type ImageLoader } from '../../../lib/images/index.js';
import { temporaryName } from '../../../lib/images/references/temporary-image.js';
import { directEngine, inventory, forgetUnusedSince } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { LoaderStage } from './loader-stage.js';
import { eventually } from '../contract/harness.js';

/** Seconds. Long, so that a slow machine does not age an image; the test moves the clock instead. */
const minimumAge = 600;

describe('ImageLoader.removeUnused', () => {
  let stage: LoaderStage;
  let loader: ImageLoader;
  let direct: Engine;
  let id: string;
  let containers: string[];
  beforeEach(async () => {
    stage = await LoaderStage.open();
    direct = directEngine();
    loader = stage.newLoader();
    containers = [];
    ({ id } = await stage.newImage());
    await loader.load(context, id);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const name of containers) await direct.containers.remove(containerRef(name), { force: true });
    direct.close();
    await forgetUnusedSince();
    await stage.close();
  });

  const isThere = async (image_id = id): Promise<boolean> =>
    (await inventory()).images.some((image) => image.includes(bootReference(image_id)));
  /** Moves the clock until an image has reached the minimum age. */
  const age = (): void => {
    const now = Date.now() + 1000 * minimumAge;
    jest.spyOn(Date, 'now').mockReturnValue(now);
  };

  /** Calls removeUnused. Images of other tests count as needed: they share the engine. */
  async function removeUnused(
    options: { loader?: ImageLoader; needed?: string[]; instances?: string[] } = {},
  ): Promise<void> {
    const needed = new Set([...(await foreignTags(repository.image)), ...(options.needed ?? [])]);
    const instances = new Set([...(await foreignTags(repository.instance)), ...(options.instances ?? [])]);
    await (options.loader ?? loader).removeUnused({ needed, instances, minimumAge });
  }

  async function foreignTags(repo: string): Promise<string[]> {
    const images = await direct.images.list({ filters: { reference: [repo] } });
    const tags = images.flatMap(({ RepoTags: names }) => names.map((tag) => tag.slice(tag.indexOf(':') + 1)));
    return tags.filter((tag) => !stage.loaded.includes(tag));
  }

  /** Lets a scan find the image unused, and moves the clock until it has the minimum age. */
  async function grownOld(): Promise<void> {
    await removeUnused();
    age();
  }

  async function runFrom(specification: ContainerSpecification): Promise<void> {
    const name = `nova-${id}`;
    await direct.containers.create({
      name: containerRef(name),
      specification: { Cmd: ['x'], ...specification },
    });
    containers.push(name);
  }

  it('removes an image once it was unused for the minimum age, also across a restart', async () => {
    age();
    await removeUnused();
    expect(await isThere()).toBe(true);
    age();
    await removeUnused({ loader: stage.newLoader() });
    expect(await isThere()).toBe(false);
  });

  it('starts the idle time anew when a scan finds the image in use', async () => {
    await removeUnused();
    age();
    await removeUnused({ needed: [id] });
    await removeUnused();
    expect(await isThere()).toBe(true);
    age();
    await removeUnused();
    expect(await isThere()).toBe(false);
  });

  it('starts the idle time anew after a boot between two scans', async () => {
    await removeUnused();
    age();
    (await loader.hold(id)).keep();
    await removeUnused();
    expect(await isThere()).toBe(true);
  });

  it.each([
    ['was created from it', (): ContainerSpecification => ({ Image: bootReference(id) })],
    [
      'is an instance that was booted from it, and now has another image',
      (): ContainerSpecification => ({
        Image: bootReference(stage.loaded[1] ?? ''),
        Labels: { [label.host]: 'another-host', [label.imageId]: id },
      }),
    ],
  ])('leaves an image while a container of any client %s', async (_what, specification) => {
    await loader.load(context, (await stage.newImage()).id);
    await grownOld();
    await runFrom(specification());
    await removeUnused();
    expect(await isThere()).toBe(true);
  });

  it('leaves an image that a boot holds', async () => {
    await grownOld();
    const image = await loader.hold(id);
    await removeUnused();
    expect(await isThere()).toBe(true);
    await image.abandon();
    expect(await isThere()).toBe(true);
    await removeUnused();
    expect(await isThere()).toBe(false);
  });

  it('makes a hold wait during the removal, and the holder loads the image anew', async () => {
    await grownOld();
    const fault = stage.proxy.inject({
      method: 'DELETE',
      path: /\/images\//,
      kind: 'delay-request',
      milliseconds: 200,
    });
    const removed = removeUnused();
    await eventually('the fault strikes', () => fault.struck().length > 0);
    const image = await loader.hold(id);
    expect(await isThere()).toBe(false);
    await expect(image.load(context)).resolves.toBe(true);
    image.keep();
    await removed;
    expect(await isThere()).toBe(true);
  });

  it("leaves an image for which another host's driver creates a container during the scan", async () => {
    await grownOld();
    const fault = stage.proxy.inject({
      method: 'DELETE',
      path: /\/images\//,
      kind: 'delay-request',
      milliseconds: 3000,
    });
    const removed = removeUnused();
    await eventually('the fault strikes', () => fault.struck().length > 0);
    // Another host's driver does not know the holds of this one.
    await runFrom({ Image: bootReference(id) });
    await removed;
    expect(await isThere()).toBe(true);
  });

  it("leaves images in repositories that are not the driver's", async () => {
    const names = [`${repository.image}-of-mine`, `${repository.instance}-of-mine`].map((repo) => ({
      repo: repositoryName(repo),
      tag: tagName(id),
    }));
    for (const name of names) await direct.images.tag(bootReference(id), name);
    await grownOld();
    await removeUnused();
    const left = (await inventory()).images.filter((image) => image.includes(id));
    expect(left).toHaveLength(1);
    for (const { repo } of names) expect(left.join()).toContain(`${repo}:${id}`);
    for (const { repo, tag } of names) await direct.images.remove(imageReference(repo, tag));
  });

  describe("the image of an instance's own files", () => {
    const ofInstance = (): ImageReference => imageReference(repository.instance, id);
    const isLeft = async (): Promise<boolean> =>
      (await inventory()).images.some((image) => image.includes(ofInstance()));
    beforeEach(async () => {
      await direct.images.tag(bootReference(id), {
        repo: repositoryName(repository.instance),
        tag: tagName(id),
      });
    });
    afterEach(async () => {
      if (await isLeft()) await direct.images.remove(ofInstance());
    });

    it('is removed once the instance was unknown for the minimum age', async () => {
      await grownOld();
      expect(await isLeft()).toBe(true);
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(false);
      expect(await isThere()).toBe(true);
    });

    it('stays while Nova lists the instance', async () => {
      await grownOld();
      await removeUnused({ instances: [id] });
      expect(await isLeft()).toBe(true);
    });

    it('stays while the instance has a container on the engine, of any image', async () => {
      await loader.load(context, (await stage.newImage()).id);
      const [, other = ''] = stage.loaded;
      await grownOld();
      await runFrom({ Image: bootReference(other), Labels: { [label.instanceUuid]: id.toUpperCase() } });
      await removeUnused();
      expect(await isLeft()).toBe(true);
    });
  });

  describe('the temporary name of an image that was loaded from another host', () => {
    const temporary = temporaryName(repository.loading, 'a host of another engine');
    const isLeft = async (): Promise<boolean> =>
      (await inventory()).images.some((image) => image.includes(temporary.reference));
    beforeEach(() => direct.images.tag(bootReference(id), temporary));
    afterEach(async () => {
      if (await isLeft()) await direct.images.remove(temporary.reference);
    });

    it('stays while a load may need it, and is removed after an hour', async () => {
      await grownOld();
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(true);
      const earlier = Math.floor(Date.now() / 1000) - 3600;
      await writeUnusedSince(direct, new Map([[temporary.reference, earlier]]), noOpLogger);
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(false);
      expect(await isThere()).toBe(true);
    });
  });

  it('continues with the next image when the engine fails to remove one', async () => {
    const { id: second } = await stage.newImage();
    await loader.load(context, second);
    await grownOld();
    stage.proxy.inject({
      method: 'DELETE',
      path: /\/images\//,
      kind: 'answer',
      status: 500,
      message: 'out of sorts',
    });
    await removeUnused();
    expect([await isThere(), await isThere(second)].filter(Boolean)).toHaveLength(1);
  });
});
