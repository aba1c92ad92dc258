import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Engine, ImageRef } from '../../../lib/engine/index.js';
import {
  EngineError,
  imageRef,
  isAtLeast,
  isUnreachable,
  repositoryName,
  tagName,
} from '../../../lib/engine/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { buildImageArchive, layerOf } from '../../support/archives.js';
import { directEngine, hasContainerdStore, inventory } from '../../support/engine.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { tinyProgram } from '../../support/tiny-program.js';
import { packed } from '../../support/packed.js';
import { contentOf, docker, each, isLayer } from '../../support/valid-archives/build.js';
import { validArchives } from '../../support/valid-archives/index.js';

const stream = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false });

describe('an engine and the driver', () => {
  let engine: Engine;
  let before: Awaited<ReturnType<typeof inventory>>;
  beforeAll(async () => {
    engine = directEngine();
    before = await inventory();
  });
  afterAll(async () => {
    engine.close();
    expect(await inventory()).toEqual(before);
  });

  /** Whether a container of an image starts. Removes the image. */
  async function starts(image: ImageRef, command?: string[]): Promise<boolean> {
    const HostConfig = { NetworkMode: 'none' };
    const specification = { Image: image, HostConfig, ...(command === undefined ? {} : { Cmd: command }) };
    try {
      const { id } = await engine.containers.create({ specification });
      try {
        return await engine.containers.start(id);
      } finally {
        await engine.containers.remove(id, { force: true });
      }
    } finally {
      await engine.images.remove(image);
    }
  }

  /** Whether the engine loads an archive under its own tag and runs it; its message if it refuses. */
  async function byItself(archive: Buffer, tag: string, isRootFileSystem: boolean): Promise<unknown> {
    const had = new Set(await imageIds());
    try {
      if (isRootFileSystem) {
        const [repo = '', name = ''] = tag.split(':');
        await engine.images.importFiles(stream(archive), {
          repo: repositoryName(repo),
          tag: tagName(name),
          changes: { Cmd: ['/etc/tiny'] },
        });
      } else await engine.images.load(stream(archive));
      return await starts(imageRef(tag));
    } catch (error) {
      if (error instanceof EngineError) return error.engineMessage;
      // The engine's handler panicked.
      if (isUnreachable(error)) return error;
      throw error;
    } finally {
      // containerd's store also creates images of other manifests in the archive.
      for (const id of await imageIds()) if (!had.has(id)) await engine.images.remove(id);
    }
  }

  async function imageIds(): Promise<ImageRef[]> {
    return (await engine.images.list({ all: true })).map(({ Id }) => Id);
  }

  async function byDriver(archive: Buffer): Promise<boolean> {
    const id = randomUUID();
    const imageService = new GivenImages({
      [id]: { data: archive, record: { properties: { docker_command: '/etc/tiny' } } },
    });
    const loader = new ImageLoader({ engine, imageService, host: 'valid-images', logger: noOpLogger });
    await loader.load(context, id);
    return await starts(bootReference(id));
  }

  it.each(validArchives)(
    'both run an image $what',
    async ({ what, build, takenBy, isRootFileSystem = false }) => {
      const tag = `test/valid:${randomUUID()}`;
      const archive = await build(tag);
      // For missing content containerd's store creates an image that can be neither used nor removed.
      const isHarmless = !what.includes('does not hold');
      // The driver rewrites what an engine refuses: classic stores do not load a pure OCI layout.
      const store = (await hasContainerdStore()) ? 'containerd' : 'classic';
      const isKnown = (takenBy ?? store) === store && (!what.includes('OCI') || store === 'containerd');
      const isTaken = isHarmless && isKnown && !/link|absolute|up and down|20\.10/.test(what);
      if (isTaken) expect(await byItself(archive, tag, isRootFileSystem)).toBe(true);
      expect(await byDriver(archive)).toBe(true);
    },
  );

  it.each(['xz', 'bzip2'] as const)(
    'a layer compressed with %s runs with a classic store; the error with containerd’s says which engines take it',
    async (compression) => {
      const tag = `test/valid:${randomUUID()}`;
      const archive = await docker(
        each((entry) => [
          isLayer(entry) ? { ...entry, content: packed(contentOf(entry), compression) } : entry,
        ]),
      )(tag);
      if (await hasContainerdStore()) {
        expect(await byItself(archive, tag, false)).toMatch(/failed to extract layer/);
        await expect(byDriver(archive)).rejects.toMatchObject({
          name: 'NovaException',
          message: expect.stringMatching(
            `compressed with ${compression}: this host's engine cannot unpack that`,
          ),
        });
      } else {
        expect(await byItself(archive, tag, false)).toBe(true);
        expect(await byDriver(archive)).toBe(true);
      }
    },
  );

  it("run an image of 126 layers with containerd's store, and refuse it with the classic one", async () => {
    const program = await layerOf([{ path: 'etc/tiny', content: tinyProgram() }]);
    const layers = [program, ...Array.from({ length: 125 }, () => Buffer.alloc(0))];
    const tag = `test/valid:${randomUUID()}`;
    const archive = await buildImageArchive({ layers, repoTags: [tag], config: { Cmd: ['/etc/tiny'] } });
    if (await hasContainerdStore()) {
      expect(await byItself(archive, tag, false)).toBe(true);
      expect(await byDriver(archive)).toBe(true);
    } else {
      // 20.10 takes minutes to reach this error.
      const { apiVersion } = await engine.negotiate();
      if (isAtLeast(apiVersion, '1.42'))
        expect(await byItself(archive, tag, false)).toMatch(/max depth exceeded/);
      await expect(byDriver(archive)).rejects.toMatchObject({
        name: 'NovaException',
        message: expect.stringMatching(/has 126 layers: this host's engine allows 125/),
      });
    }
  });
});
