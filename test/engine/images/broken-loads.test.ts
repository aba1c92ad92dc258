import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { imageReference, repositoryName, tagName } from '../../../lib/engine/index.js';
import { bootReference } from '../../../lib/images/index.js';
import { discardImage, temporaryName } from '../../../lib/images/references/temporary-image.js';
import { repository } from '../../../lib/common/labels.js';
import { layerOf } from '../../support/archives.js';
import { directEngine, inventory } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { eventually } from '../contract/harness.js';
import { LoaderStage } from './loader-stage.js';

describe('ImageLoader after a failure', () => {
  let stage: LoaderStage;
  beforeEach(async () => {
    stage = await LoaderStage.open();
  });
  afterEach(async () => {
    await stage.close();
  });

  describe.each([
    ['/images/load', 'lose-answer'],
    ['/images/load', 'drop-request'],
    ['/images/nova-docker-driver.invalid/loading:.*/json', 'lose-answer'],
    ['/images/nova-docker-driver.invalid/loading:.*/tag', 'lose-answer'],
    ['/images/nova-docker-driver.invalid/loading:.*/tag', 'drop-request'],
  ] as const)('when the connection breaks at %s (%s)', (path, kind) => {
    it('fails, removes the unverified image, and succeeds on the next load', async () => {
      const { id } = await stage.newImage();
      const loader = stage.newLoader();
      const fault = stage.proxy.inject({ path: new RegExp(path), kind, times: 2 });
      await expect(loader.load(context, id)).rejects.toMatchObject({ name: 'EngineUnreachable' });
      expect(fault.struck().length).toBeGreaterThan(0);
      fault.withdraw();
      expect((await inventory()).images.filter((image) => image.includes('/loading:'))).toEqual([]);
      await expect(loader.load(context, id)).resolves.toBe(true);
    });
  });

  it.each([
    ['shorter', 1000],
    ['longer', 5_000_000],
  ])('keeps data of a truncated image out of the next image, whose layer is %s', async (_what, length) => {
    const layer = await layerOf([{ path: 'large', content: randomBytes(2_000_000) }]);
    const broken = await stage.newImage({ layers: [layer] });
    stage.images.give(broken.id, { data: broken.archive.subarray(0, 1_500_000) });
    await expect(stage.newLoader().load(context, broken.id)).rejects.toMatchObject({
      name: 'ImageUnacceptable',
    });
    const { id } = await stage.newImage({
      layers: [await layerOf([{ path: 'next', content: randomBytes(length) }])],
    });
    await expect(stage.newLoader().load(context, id)).resolves.toBe(true);
  });

  it('removes its temporary name although the connection breaks twice during the removal', async () => {
    const { id } = await stage.newImage();
    stage.proxy.inject({ method: 'DELETE', kind: 'drop-request', times: 1 });
    stage.proxy.inject({ method: 'DELETE', kind: 'lose-answer', times: 1 });
    await expect(stage.newLoader().load(context, id)).resolves.toBe(true);
    expect((await stage.inspect(bootReference(id))).RepoTags).toEqual([bootReference(id)]);
  });

  it('fails with EngineError, not with ImageUnacceptable, on a status of 500', async () => {
    const { id } = await stage.newImage();
    stage.proxy.inject({ path: /images\/load/, kind: 'answer', status: 500, message: 'out of sorts' });
    await expect(stage.newLoader().load(context, id)).rejects.toMatchObject({
      name: 'EngineError',
      engineMessage: 'out of sorts',
    });
  });

  it('removes an image that the engine names only after discardImage was called for it', async () => {
    const { id } = await stage.newImage();
    await stage.newLoader().load(context, id);
    const late = temporaryName(repository.snapshot, 'image-loader');
    await discardImage(stage.engine, late, true, noOpLogger);
    const direct = directEngine();
    try {
      await direct.images.tag(bootReference(id), late);
      await eventually('the object is removed', async () => {
        return (await direct.images.inspect(bootReference(id))).RepoTags.length === 1;
      });
    } finally {
      direct.close();
    }
  });

  describe('removeLeftovers', () => {
    it('does not report a leftover whose removal failed, and removes it on the next call', async () => {
      const { id } = await stage.newImage();
      const loader = stage.newLoader({ host: `image-loader-${id}` });
      await loader.load(context, id);
      const left = temporaryName(repository.loading, `image-loader-${id}`);
      const direct = directEngine();
      await direct.images.tag(bootReference(id), left);
      direct.close();
      const fault = stage.proxy.inject({ method: 'DELETE', kind: 'drop-request', times: Infinity });
      await expect(loader.removeLeftovers()).resolves.toEqual([]);
      fault.withdraw();
      await expect(loader.removeLeftovers()).resolves.toEqual([left.reference]);
    });

    it('stops between two images when its signal aborts', async () => {
      const { id } = await stage.newImage();
      const host = `image-loader-${id}`;
      const loader = stage.newLoader({ host });
      await loader.load(context, id);
      const direct = directEngine();
      const names = Array.from({ length: 2 }, () => temporaryName(repository.loading, host));
      for (const name of names) await direct.images.tag(bootReference(id), name);
      direct.close();
      const reason = new Error('enough');
      const controller = new AbortController();
      const fault = stage.proxy.inject({ method: 'DELETE', kind: 'delay-request', milliseconds: 200 });
      const removing = loader.removeLeftovers(controller.signal);
      void eventually('the first is being removed', () => Promise.resolve(fault.struck().length > 0)).then(
        () => controller.abort(reason),
      );
      await expect(removing).rejects.toBe(reason);
      await expect(stage.newLoader({ host }).removeLeftovers()).resolves.toHaveLength(1);
    });

    it('removes temporary images of its own host only, and no image of the operator', async () => {
      const { id } = await stage.newImage();
      const loader = stage.newLoader();
      await loader.load(context, id);
      const reference = bootReference(id);
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
        const removed = await loader.removeLeftovers();
        expect(removed).toEqual(expect.arrayContaining(references.slice(0, 2)));
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
