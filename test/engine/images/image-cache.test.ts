import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
import { writeCacheNote } from '../../../lib/images/image-cache.js';
import { bootReference, type ImageLoader } from '../../../lib/images/index.js';
import { temporaryName } from '../../../lib/images/references/temporary-image.js';
import { directEngine, inventory, removeCacheNote } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { LoaderStage } from './loader-stage.js';
import { eventually } from '../contract/harness.js';

/** Seconds. */
const minimumAge = 1;

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
    for (const name of containers) await direct.containers.remove(containerRef(name), { force: true });
    direct.close();
    await removeCacheNote();
    await stage.close();
  });

  const isThere = async (image_id = id): Promise<boolean> =>
    (await inventory()).images.some((image) => image.includes(bootReference(image_id)));
  const pass = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));
  /** In whole seconds, as it is noted. */
  const age = (): Promise<void> => pass(1000 * minimumAge + 1100);

  /** The engine is not ours alone: what others loaded is needed. */
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

  /** The image was found unused, and that was long enough ago. */
  async function grownOld(): Promise<void> {
    await removeUnused();
    await age();
  }

  async function runFrom(specification: ContainerSpecification): Promise<void> {
    const name = `nova-${id}`;
    await direct.containers.create({
      name: containerRef(name),
      specification: { Cmd: ['x'], ...specification },
    });
    containers.push(name);
  }

  it('removes an image that nobody has used for long enough, and not before, also after a restart', async () => {
    await age();
    await removeUnused();
    expect(await isThere()).toBe(true);
    await age();
    await removeUnused({ loader: stage.newLoader() });
    expect(await isThere()).toBe(false);
  });

  it('counts from the time when it was last seen in use', async () => {
    await removeUnused();
    await age();
    await removeUnused({ needed: [id] });
    await removeUnused();
    expect(await isThere()).toBe(true);
    await age();
    await removeUnused();
    expect(await isThere()).toBe(false);
  });

  it('counts from the time when it was last booted from, though nobody saw it', async () => {
    await removeUnused();
    await age();
    (await loader.hold(id)).keep();
    await removeUnused();
    expect(await isThere()).toBe(true);
  });

  it.each([
    ['is made of it', (): ContainerSpecification => ({ Image: bootReference(id) })],
    [
      'is an instance booted from it, and now made of another image',
      (): ContainerSpecification => ({
        Image: bootReference(stage.loaded[1] ?? ''),
        Labels: { [label.host]: 'another-host', [label.imageId]: id },
      }),
    ],
  ])('leaves an image while a container, whoever made it, %s', async (_what, specification) => {
    await loader.load(context, (await stage.newImage()).id);
    await grownOld();
    await runFrom(specification());
    await removeUnused();
    expect(await isThere()).toBe(true);
  });

  it('leaves an image that somebody is about to boot from', async () => {
    await grownOld();
    const image = await loader.hold(id);
    await removeUnused();
    expect(await isThere()).toBe(true);
    await image.abandon();
    expect(await isThere()).toBe(true);
    await removeUnused();
    expect(await isThere()).toBe(false);
  });

  it('lets those who come at this moment wait, and load it anew', async () => {
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

  it('leaves what it finds used after all: the engine removes no image of a container', async () => {
    await grownOld();
    const fault = stage.proxy.inject({
      method: 'DELETE',
      path: /\/images\//,
      kind: 'delay-request',
      milliseconds: 3000,
    });
    const removed = removeUnused();
    await eventually('the fault strikes', () => fault.struck().length > 0);
    // Another host's driver knows nothing of our holds.
    await runFrom({ Image: bootReference(id) });
    await removed;
    expect(await isThere()).toBe(true);
  });

  it("touches nobody else's images", async () => {
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

    it('goes when nobody has known of the instance for long enough', async () => {
      await grownOld();
      expect(await isLeft()).toBe(true);
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(false);
      expect(await isThere()).toBe(true);
    });

    it('stays when Nova names the instance', async () => {
      await grownOld();
      await removeUnused({ instances: [id] });
      expect(await isLeft()).toBe(true);
    });

    it('stays when the instance has a container on the engine, of whatever image', async () => {
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

    it('stays while it may be needed, and goes when it has been there for an hour', async () => {
      await grownOld();
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(true);
      const earlier = Math.floor(Date.now() / 1000) - 3600;
      await writeCacheNote(direct, new Map([[temporary.reference, earlier]]), noOpLogger);
      await removeUnused({ needed: [id] });
      expect(await isLeft()).toBe(false);
      expect(await isThere()).toBe(true);
    });
  });

  it('goes on to the next when the engine refuses to remove one', async () => {
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
