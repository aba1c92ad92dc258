import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { containerRef, imageRef, repositoryName, tagName } from '../../../lib/engine/index.js';
import { bootReference, type ImageLoader } from '../../../lib/images/index.js';
import { repository } from '../../../lib/common/labels.js';
import { directEngine, inventory } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { LoaderStage } from './loader-stage.js';
import { eventually } from '../contract/harness.js';

describe('ImageLoader.hold', () => {
  let stage: LoaderStage;
  let loader: ImageLoader;
  let id: string;
  beforeEach(async () => {
    stage = await LoaderStage.open();
    loader = stage.newLoader();
    ({ id } = await stage.newImage());
  });
  afterEach(async () => {
    await stage.close();
  });

  const isThere = async (): Promise<boolean> =>
    (await inventory()).images.some((image) => image.endsWith(bootReference(id)));

  it('asks nobody for anything', async () => {
    const image = await loader.hold(id);
    await image.abandon();
    (await loader.hold(id)).keep();
    expect(stage.proxy.requests()).toEqual([]);
    expect(stage.images.shows).toEqual([]);
  });

  it('takes the image away with the only one for whom it came', async () => {
    const image = await loader.hold(id);
    await expect(image.load(context)).resolves.toBe(true);
    expect(await isThere()).toBe(true);
    await image.abandon();
    expect((await inventory()).images).toEqual(stage.before);
  });

  it('leaves it when another one keeps it, whoever ends first', async () => {
    for (const order of ['keep first', 'abandon first']) {
      const [failing, succeeding] = [await loader.hold(id), await loader.hold(id)];
      await Promise.all([failing.load(context), succeeding.load(context)]);
      if (order === 'keep first') succeeding.keep();
      await failing.abandon();
      if (order === 'abandon first') succeeding.keep();
      expect(await isThere()).toBe(true);
    }
  });

  it('leaves it while another one holds it, and takes it away when that one gives up as well', async () => {
    const [first, second] = [await loader.hold(id), await loader.hold(id)];
    await Promise.all([first.load(context), second.load(context)]);
    await first.abandon();
    expect(await isThere()).toBe(true);
    await second.abandon();
    expect((await inventory()).images).toEqual(stage.before);
  });

  it('leaves what was there before', async () => {
    await loader.load(context, id);
    const image = await loader.hold(id);
    await expect(image.load(context)).resolves.toBe(false);
    await image.abandon();
    expect(await isThere()).toBe(true);
  });

  it('leaves what a container uses that somebody else made of it', async () => {
    const image = await loader.hold(id);
    await image.load(context);
    const direct = directEngine();
    const name = containerRef(`nova-${id}`);
    try {
      await direct.containers.create({ name, specification: { Image: image.reference, Cmd: ['x'] } });
      await image.abandon();
      expect(await isThere()).toBe(true);
    } finally {
      await direct.containers.remove(name, { force: true });
      direct.close();
    }
  });

  it('counts the first of keep and abandon only', async () => {
    const [kept, other] = [await loader.hold(id), await loader.hold(id)];
    await kept.load(context);
    kept.keep();
    await kept.abandon();
    await kept.abandon();
    await other.abandon();
    expect(await isThere()).toBe(true);
  });

  it('lets nobody load it while it is being taken away', async () => {
    const first = await loader.hold(id);
    await first.load(context);
    stage.proxy.inject({ method: 'DELETE', kind: 'delay-request', milliseconds: 200 });
    const abandoned = first.abandon();
    const second = await loader.hold(id);
    expect(await isThere()).toBe(false);
    await expect(second.load(context)).resolves.toBe(true);
    second.keep();
    await abandoned;
    expect(await isThere()).toBe(true);
  });

  it('takes nothing away that came while its removal waited for its turn', async () => {
    const first = await loader.hold(id);
    await first.load(context);
    const abandoned = first.abandon();
    const second = await loader.hold(id);
    second.keep();
    await abandoned;
    await expect((await loader.hold(id)).load(context)).resolves.toEqual(expect.any(Boolean));
    expect(await isThere()).toBe(true);
  });

  describe.each([
    ['looking for it', 'GET', /\/images\/nova-docker-driver\.invalid\/image:/],
    ['loading it', 'POST', /\/images\/load/],
    ['checking it', 'GET', /\/images\/nova-docker-driver\.invalid\/loading:/],
    ['naming it', 'POST', /\/images\/nova-docker-driver\.invalid\/loading:.*\/tag/],
    ['removing its temporary name', 'DELETE', /\/images\/nova-docker-driver\.invalid\/loading:/],
  ] as const)('abandoned while the engine is %s', (_step, method, path) => {
    it('leaves no image and no name', async () => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const fault = stage.proxy.inject({ method, path, kind: 'delay-request', milliseconds: 200 });
      const image = await loader.hold(id);
      const loading = image.load(context, { signal: controller.signal });
      const outcome = expect(loading).rejects.toBe(reason);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      controller.abort(reason);
      await outcome;
      await image.abandon();
      expect((await inventory()).images).toEqual(stage.before);
    });

    it('leaves it to the one who still wants it', async () => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const fault = stage.proxy.inject({ method, path, kind: 'delay-request', milliseconds: 200 });
      const [leaving, staying] = [await loader.hold(id), await loader.hold(id)];
      const left = leaving.load(context, { signal: controller.signal });
      const outcome = expect(left).rejects.toBe(reason);
      const loaded = staying.load(context);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      controller.abort(reason);
      await outcome;
      await leaving.abandon();
      await expect(loaded).resolves.toBe(true);
      staying.keep();
      expect(await isThere()).toBe(true);
    });
  });

  it('takes it away although the engine named it and its answer was lost', async () => {
    stage.proxy.inject({ method: 'POST', path: /\/tag/, kind: 'lose-answer' });
    const image = await loader.hold(id);
    await expect(image.load(context)).rejects.toMatchObject({ name: 'EngineUnreachable' });
    await image.abandon();
    expect((await inventory()).images).toEqual(stage.before);
  });

  it('knows an image by its name alone: one of the same content under another name stays', async () => {
    const direct = directEngine();
    const mine = { repo: repositoryName(`${repository.image}-of-mine`), tag: tagName('x') };
    const image = await loader.hold(id);
    await image.load(context);
    try {
      await direct.images.tag(image.reference, mine);
      await image.abandon();
      const tags = (await inventory()).images.filter((each) => each.includes('-of-mine'));
      expect(tags).toHaveLength(1);
      expect(await isThere()).toBe(false);
    } finally {
      await direct.images.remove(bootReference(id)).catch(() => undefined);
      await direct.images.list().then(async (images) => {
        const tags = images.flatMap(({ RepoTags }) => RepoTags);
        for (const tag of tags.filter((each) => each.includes('-of-mine')))
          await direct.images.remove(imageRef(tag));
      });
      direct.close();
    }
  });
});
