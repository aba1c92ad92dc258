import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isAtLeast } from '../../../lib/engine/index.js';
import { imageEntries, layerOf, packEntries } from '../../support/archives.js';
import { busyboxFiles } from '../../support/busybox-image.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, inventory } from '../../support/engine.js';
import { context, newImageMeta, newInstance } from '../../support/nova-objects.js';
import { ociEntries } from '../../support/oci-archives.js';
import { packed, packings } from '../../support/packed.js';
import { eventually, type Harness } from '../contract/harness.js';

/** Ends when it is told to: what does not is waited for. */
const script = (word: string): string => `trap "exit 0" TERM; echo "${word}"; sleep 1000 & wait`;

/** The files of an image that no other test has. */
const files = async (): ReturnType<typeof busyboxFiles> => [
  ...(await busyboxFiles()),
  { path: 'etc/id', content: randomUUID(), mode: 0o644 },
];

const image = async (): Promise<{ layers: readonly Buffer[]; config: { Cmd: string[] } }> => ({
  layers: [await layerOf(await files())],
  config: { Cmd: ['sh', '-c', script('booted')] },
});

const formats = {
  'docker save, old': async () => await packEntries(await imageEntries(await image())),
  'docker save, OCI': async () =>
    await packEntries(await imageEntries({ ...(await image()), layout: 'oci' })),
  'OCI without manifest.json': async () => await packEntries(await ociEntries(await image())),
  'a root file system': async () => await layerOf(await files()),
} as const;

describe('an image', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(async () => {
    await harness.close();
  });

  /** Gives an image to the image service, for as long as some work takes. */
  async function withImage(
    bytes: Buffer,
    properties: Readonly<Record<string, string>>,
    work: (id: string) => Promise<void>,
  ): Promise<void> {
    const metadata = { name: 'test', container_format: 'docker', disk_format: 'raw', properties };
    const data = Readable.from([bytes], { objectMode: false });
    const { id } = await harness.imageService.create(context, metadata, data);
    await work(id);
  }

  /** What an instance of an image says, once it says `booted`. */
  async function output(id: string): Promise<string> {
    const instance = newInstance();
    await harness.driver.spawn(context, instance, newImageMeta(id));
    try {
      const said = (): Promise<string> => harness.driver.get_console_output(context, instance);
      await eventually('it has booted', async () => (await said()).includes('booted'));
      return await said();
    } finally {
      await harness.driver.destroy(context, instance, []);
    }
  }

  const cases = Object.entries(formats).flatMap(([format, build]) =>
    packings.map((packing) => ({ format, build, packing })),
  );

  it.each(cases)('boots from $format, packed as $packing', async ({ build, packing }) => {
    const properties = { docker_command: `sh -c '${script('booted')}'` };
    await withImage(packed(await build(), packing), properties, async (id) => {
      expect(await output(id)).toContain('booted');
    });
  });

  it('that is a root file system has command, environment, user and working directory of its properties, as they are', async () => {
    const value = `a "b" 'c' $HOME \\ # é <<EOF`;
    const quoted = `'${value.replaceAll("'", `'"'"'`)}'`;
    const properties = {
      docker_command: `sh -c '${script('$value|$second|$(id -u):$(id -g)|$(pwd)|booted')}'`,
      docker_environment: `value=${quoted} second=`,
      docker_user: '1000:1001',
      docker_working_dir: '/a $b "c"',
    };
    await withImage(await formats['a root file system'](), properties, async (id) => {
      expect((await output(id)).trim()).toBe(`${value}||1000:1001|/a $b "c"|booted`);
    });
  });

  it.each([
    ['docker_command', `"open`],
    ['docker_environment', `no-name`],
    ['docker_environment', `a="b\nCMD evil"`],
    ['docker_user', 'a b'],
    ['docker_working_dir', 'relative'],
  ])('that is a root file system is refused for its property %s, %j', async (property, value) => {
    const before = (await inventory()).images;
    await withImage(await formats['a root file system'](), { [property]: value }, async (id) => {
      await expect(output(id)).rejects.toMatchObject({
        name: 'ImageUnacceptable',
        message: expect.stringContaining(property),
      });
    });
    expect((await inventory()).images).toEqual(before);
  });

  it('with layers compressed with zstd boots where the engine can unpack them, and is refused elsewhere', async () => {
    const entries = await imageEntries(await image());
    const bytes = await packEntries(
      entries.map((entry) =>
        entry.name.endsWith('layer.tar')
          ? { ...entry, content: packed(Buffer.from(entry.content ?? ''), 'zstd') }
          : entry,
      ),
    );
    const engine = directEngine();
    const { apiVersion } = await engine.negotiate();
    engine.close();
    await withImage(bytes, {}, async (id) => {
      if (isAtLeast(apiVersion, '1.42')) expect(await output(id)).toContain('booted');
      else await expect(output(id)).rejects.toMatchObject({ message: expect.stringMatching(/zstd/) });
    });
  });

  it('that is cut, damaged or a bomb leaves the engine as it was, in every format and packing', async () => {
    const before = (await inventory()).images;
    for (const build of Object.values(formats)) {
      for (const packing of packings) {
        const good = packed(await build(), packing);
        // An image without its last block, the end mark, is whole.
        const cut = good.subarray(0, packing === 'plain' ? good.length >> 1 : good.length - 8);
        await withImage(cut, {}, async (id) => {
          await expect(output(id)).rejects.toMatchObject({ name: 'ImageUnacceptable' });
        });
      }
    }
    expect((await inventory()).images).toEqual(before);
  });
});
