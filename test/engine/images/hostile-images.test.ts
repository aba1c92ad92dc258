import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { imageRef } from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import {
  buildImageArchive,
  imageEntries,
  layerOf,
  packEntries,
  rawHeader,
  sha256,
} from '../../support/archives.js';
import { directEngine, hasContainerdStore, inventory } from '../../support/engine.js';
import { GivenImages, type GivenImage } from '../../support/given-images.js';
import { hostileArchives, thievingArchive, tightLimits } from '../../support/hostile-archives/index.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';

/** One for each harm. test/unit/archives/refusals.test.ts refuses all, before an engine has anything to load. */
const hostile = [...new Map((await hostileArchives()).map((each) => [each.prevents, each])).values()];

describe('ImageLoader with hostile images', () => {
  let engine: Engine;
  let before: string[];
  /** The layer of another tenant's image in the engine, which hostile images try to obtain. */
  const secret = [{ path: 'etc/secret', content: randomUUID() }];
  const victim = `test/victim:${randomUUID()}`;

  beforeAll(async () => {
    engine = directEngine();
    const archive = await buildImageArchive({ layers: [secret], repoTags: [victim] });
    await engine.images.load(Readable.from([archive], { objectMode: false }));
    before = (await inventory()).images;
  });
  afterAll(async () => {
    await engine.images.remove(imageRef(victim));
    engine.close();
  });

  async function refusalOf(image: GivenImage): Promise<unknown> {
    const id = randomUUID();
    const loader = new ImageLoader({
      engine,
      imageService: new GivenImages({ [id]: image }),
      host: 'hostile-images',
      limits: tightLimits,
      logger: noOpLogger,
    });
    return await loader.load(context, id).then(
      () => 'it was loaded',
      (error: unknown) => error,
    );
  }

  it.each(hostile)('refuses an archive $what ($prevents), and leaves no image', async ({ archive, says }) => {
    const refusal = await refusalOf({ data: archive });
    expect(refusal).toBeInstanceOf(ImageUnacceptable);
    expect(refusal).toMatchObject({ message: expect.stringMatching(says) });
    expect((await inventory()).images).toEqual(before);
  });

  it.each([
    ['lacks them', false],
    ['has other files in their place', true],
  ])("refuses an archive that names another tenant's layers and %s", async (_what, holds) => {
    const theft = await thievingArchive([`sha256:${sha256(await layerOf(secret))}`], { holds });
    expect(await refusalOf({ data: theft })).toBeInstanceOf(ImageUnacceptable);
    expect((await inventory()).images).toEqual(before);
  });

  it('ignores the tags in an archive, so that it cannot take the tag of another image', async () => {
    const id = randomUUID();
    const archive = await buildImageArchive({ repoTags: [victim, bootReference('another-id')] });
    const imageService = new GivenImages({ [id]: { data: archive } });
    const loader = new ImageLoader({ engine, imageService, host: 'hostile-images', logger: noOpLogger });
    const { Id: victimId } = await engine.images.inspect(imageRef(victim));
    await loader.load(context, id);
    const reference = bootReference(id);
    expect((await engine.images.inspect(imageRef(victim))).Id).toBe(victimId);
    expect((await engine.images.inspect(reference)).RepoTags).toEqual([reference]);
    await engine.images.remove(reference);
    expect((await inventory()).images).toEqual(before);
  });

  it.each([
    ['an entry of an unknown type', [{ name: '', raw: rawHeader({ typeflag: 'V' }) }]],
    ['a hard link to a missing file', [{ name: '', raw: rawHeader({ typeflag: '1', linkname: 'nowhere' }) }]],
    [
      'a path through circular symbolic links',
      [
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'b', type: 'symlink', linkname: 'a' },
        { name: 'a/x', content: 'x' },
      ],
    ],
    ['a whiteout of its own folder', [{ name: 'a/.wh...', content: '' }]],
    ['a truncated file', [{ name: '', raw: rawHeader({ size: 1_000_000 }) }]],
  ] as const)('refuses an image whose layer has %s, and leaves no image', async (_what, entries) => {
    const layer = await packEntries(entries);
    const refusal = await refusalOf({ data: await buildImageArchive({ layers: [layer] }) });
    expect(refusal).toBeInstanceOf(ImageUnacceptable);
    expect(refusal).toMatchObject({ message: expect.stringMatching(/The engine refused image/) });
    expect((await inventory()).images).toEqual(before);
  });

  it('refuses a layer with a file and a folder at one path, except with the containerd store', async () => {
    const layer = await packEntries([
      { name: 'twin', content: 'x' },
      { name: 'twin', type: 'directory' },
    ]);
    const id = randomUUID();
    const imageService = new GivenImages({ [id]: { data: await buildImageArchive({ layers: [layer] }) } });
    const loader = new ImageLoader({ engine, imageService, host: 'hostile-images', logger: noOpLogger });
    const loading = loader.load(context, id);
    if (await hasContainerdStore()) {
      await expect(loading).resolves.toBe(true);
      await engine.images.remove(bootReference(id));
    } else await expect(loading).rejects.toBeInstanceOf(ImageUnacceptable);
    expect((await inventory()).images).toEqual(before);
  });

  it('leaves no image when the download breaks off or its hash differs from the record', async () => {
    const archive = await buildImageArchive();
    for (const bytes of [archive, archive.subarray(0, 4000)]) {
      const failure = new ImageUnacceptable('the hash differs');
      const data = (): Readable =>
        Readable.from(
          (function* () {
            yield bytes;
            throw failure;
          })(),
          { objectMode: false },
        );
      expect(await refusalOf({ data })).toBe(failure);
      expect((await inventory()).images).toEqual(before);
    }
  });

  it('refuses an image by its record: its container format, status or size', async () => {
    const data = await packEntries(await imageEntries());
    const cases = [
      [{ container_format: 'bare' }, 'ImageUnacceptable', /container format bare/],
      [{ container_format: null }, 'ImageUnacceptable', /container format null/],
      [{ status: 'queued' }, 'ImageNotActive', /queued/],
      [{ status: 'deactivated' }, 'ImageNotActive', /deactivated/],
      [{ size: 33 * 1024 * 1024 }, 'ImageUnacceptable', /33554432 are allowed/],
    ] as const;
    for (const [record, name, says] of cases) {
      const refusal = await refusalOf({ data, record });
      expect(refusal).toMatchObject({ name, message: expect.stringMatching(says) });
    }
    expect((await inventory()).images).toEqual(before);
  });
});
