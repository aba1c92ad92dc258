import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  EngineError,
  imageRef,
  isConflict,
  isNoSuchImage,
  repositoryName,
  tagName,
  type ImageRef,
  type ImagesApi,
} from '../../../lib/engine/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { Workbench } from './workbench.js';

describe('the engine client: images', () => {
  let bench: Workbench;
  let images: ImagesApi;
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );
  const parts = (
    reference: ImageRef,
  ): { repo: ReturnType<typeof repositoryName>; tag: ReturnType<typeof tagName> } => {
    const colon = reference.lastIndexOf(':');
    return { repo: repositoryName(reference.slice(0, colon)), tag: tagName(reference.slice(colon + 1)) };
  };

  beforeAll(async () => {
    bench = await Workbench.open();
    ({ images } = bench.engine);
  });
  afterAll(() => bench.close());

  it('are loaded, inspected, tagged, saved, loaded again and removed', async () => {
    const reference = bench.newImage();
    const told: number[] = [];
    const archive = await busyboxImage({
      command: ['sh', '-c', 'exit 5'],
      repoTags: [reference],
      config: { Env: ['PATH=/bin', 'X=1'], Labels: { a: 'b' }, WorkingDir: '/etc', User: 'root' },
    });
    await images.load(archive, { onProgress: (bytes) => told.push(bytes) });
    expect(told.at(-1)).toBeGreaterThan(1_000_000);

    const image = await images.inspect(reference);
    expect(image).toMatchObject({
      RepoTags: [reference],
      Architecture: 'amd64',
      Os: 'linux',
      Config: {
        Cmd: ['sh', '-c', 'exit 5'],
        Env: ['PATH=/bin', 'X=1'],
        Labels: { a: 'b' },
        WorkingDir: '/etc',
        User: 'root',
      },
    });
    expect(image.RootFS.Layers).toHaveLength(2);
    expect(image.Size).toBeGreaterThan(1_000_000);

    const second = bench.newImage();
    await images.tag(image.Id, parts(second));
    expect((await images.inspect(second)).Id).toBe(image.Id);
    expect(await images.list({ filters: { reference: [second] } })).toMatchObject([
      { Id: image.Id, Labels: { a: 'b' } },
    ]);

    const saved = await buffer(await images.save(second));
    await images.remove(second, { noprune: true });
    await images.remove(reference);
    expect(isNoSuchImage(await failure(images.inspect(image.Id)))).toBe(true);

    await images.load(Readable.from([saved]));
    expect((await images.inspect(second)).RootFS).toEqual(image.RootFS);
  });

  it.each([
    ['empty', Readable.from([])],
    ['not a tar archive', Readable.from([Buffer.alloc(4096, 'x')])],
  ])('are refused when the archive is %s', async (_what, archive) => {
    expect(await failure(images.load(archive))).toBeInstanceOf(EngineError);
    expect(archive.destroyed).toBe(true);
  });

  it('are not loaded when their archive fails during the upload', async () => {
    const reference = bench.newImage();
    const whole = await buffer(await busyboxImage({ command: ['sh'], repoTags: [reference] }));
    const archive = new PassThrough();
    const reason = new Error('the hash is wrong');
    archive.write(whole.subarray(0, whole.length / 2));
    setTimeout(() => archive.destroy(reason), 50);
    expect(await failure(images.load(archive))).toBe(reason);
    expect(isNoSuchImage(await failure(images.inspect(reference)))).toBe(true);
  });

  it('are not removed while a container uses them', async () => {
    await bench.create('true');
    const { Id: id } = await images.inspect(bench.image);
    expect(isConflict(await failure(images.remove(id)))).toBe(true);
  });

  it('make every call fail with "no such image" if they do not exist', async () => {
    const nothing = imageRef('engine-client-test/none:1');
    const failures = await Promise.all(
      [images.inspect(nothing), images.remove(nothing), images.tag(nothing, parts(bench.newImage()))].map(
        failure,
      ),
    );
    expect(failures.filter((error) => !isNoSuchImage(error))).toEqual([]);
  });
});
