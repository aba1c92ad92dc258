import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  containerRef,
  imageRef,
  type ContainerInspect,
  type Engine,
  type ImageRef,
} from '../../../lib/engine/index.js';
import { parseConfiguration } from '../../../lib/archives/index.js';
import { bootReference, ImageLoader } from '../../../lib/images/index.js';
import { configurationAbove } from '../../../lib/images/transfer/configuration-above.js';
import { instanceContainerName, label } from '../../../lib/common/labels.js';
import { buildImageArchive, layerOf, sha256 } from '../../support/archives.js';
import { busyboxFiles } from '../../support/busybox-image.js';
import { directEngine, hasContainerdStore, inventory, removeImages } from '../../support/engine.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { takeSnapshot } from '../../support/take-snapshot.js';

const host = 'configurations';
const manyPorts = Object.fromEntries(Array.from({ length: 10_001 }, (_, port) => [`${port + 1}/udp`, {}]));

/** Each is one that "docker load" takes and engines run; `Labels` are those that a snapshot must have. */
const valid: readonly {
  what: string;
  config: object;
  image?: Record<string, unknown>;
  Labels?: object;
  ports?: number;
}[] = [
  { what: 'null for the value of a label', config: { Labels: { a: null } }, Labels: { a: '' } },
  {
    what: 'null for all that it leaves out',
    config: { User: null, Volumes: null, ExposedPorts: null, Labels: null, Healthcheck: null, OnBuild: null },
    image: { author: null, created: null, history: null, 'os.features': null },
  },
  { what: 'null for a volume', config: { Volumes: { '/v': null } } },
  { what: 'fields that engines do not know', config: { Memory: 1, x: [] }, image: { 'moby.x': 'y' } },
  {
    what: 'fields of engines from before 2016',
    config: { Hostname: 'x', AttachStdin: false, Image: '', MacAddress: '' },
    image: { id: 'x', container: 'y', container_config: { Cmd: null }, docker_version: '1.8', Size: 7 },
  },
  {
    what: '120 KB of labels',
    config: { Labels: { 'io.buildpacks.build.metadata': '{"<&>":"\\"\n"}'.padEnd(120_000, 'é<"') } },
    Labels: { 'io.buildpacks.build.metadata': '{"<&>":"\\"\n"}'.padEnd(120_000, 'é<"') },
  },
  {
    what: '3.9 MiB of labels',
    config: { Labels: { large: 'x'.repeat(3.9 * 1024 * 1024) } },
    Labels: { large: 'x'.repeat(3.9 * 1024 * 1024) },
  },
  { what: '10001 ports', config: { ExposedPorts: manyPorts }, ports: 10_001 },
];

describe('an image whose configuration has', () => {
  let engine: Engine;
  let layer: Buffer;
  let before: string[];
  const loaded: string[] = [];
  beforeAll(async () => {
    engine = directEngine();
    layer = await layerOf(await busyboxFiles());
    before = (await inventory()).images;
  });
  afterAll(async () => {
    await removeImages(loaded);
    expect((await inventory()).images).toEqual(before);
    engine.close();
  });

  /** Loads an image as the driver does. */
  async function load(images: GivenImages, id: string): Promise<void> {
    loaded.push(id);
    await new ImageLoader({ engine, imageService: images, host, logger: noOpLogger }).load(context, id);
  }

  const archiveOf = async (
    config: object,
    image: Readonly<Record<string, unknown>>,
    repoTags: readonly string[],
  ): Promise<Buffer> =>
    await buildImageArchive({
      layers: [layer],
      // No two images are alike, so that tests do not share one in the engine.
      config: { Env: [`A=${randomUUID()}`], Cmd: ['/bin/sh', '-c', 'exit 7'], ...config },
      configuration: image,
      repoTags,
    });

  /** Runs a container of an image, looks at it when it has ended, and does something with it. */
  async function withContainer<T>(
    image: ImageRef,
    use: (container: ContainerInspect) => Promise<T>,
  ): Promise<T> {
    const uuid = randomUUID();
    const name = containerRef(instanceContainerName(uuid));
    const Labels = { [label.host]: host, [label.instanceUuid]: uuid };
    await engine.containers.create({
      name,
      specification: { Image: image, Labels, HostConfig: { NetworkMode: 'none' } },
    });
    try {
      await engine.containers.start(name);
      await engine.containers.wait(name);
      return await use(await engine.containers.inspect(name));
    } finally {
      await engine.containers.remove(name, { force: true, volumes: true });
    }
  }
  const exitCode = ({ State: { ExitCode: code } }: ContainerInspect): Promise<number> =>
    Promise.resolve(code);

  it.each(valid)('$what runs as the engine runs it, and can be saved', async (each) => {
    const { config, image = {}, Labels = {}, ports = 0 } = each;
    const isMuch = JSON.stringify(config).length > 4096;
    const tag = `test/valid:${randomUUID()}`;
    const archive = await archiveOf(config, image, [tag]);
    await engine.images.load(Readable.from([archive], { objectMode: false }));
    expect(await withContainer(imageRef(tag), exitCode)).toBe(7);
    await engine.images.remove(imageRef(tag));

    const id = randomUUID();
    const saved = randomUUID();
    const images = new GivenImages({ [id]: { data: archive } });
    images.queue(saved);
    await load(images, id);
    await withContainer(bootReference(id), async (container) => {
      expect(container.State.ExitCode).toBe(7);
      const names = Object.keys(container.Config.Labels).sort();
      expect(names).toEqual([label.host, label.instanceUuid, ...(isMuch ? [] : Object.keys(Labels))].sort());
      const snapshot = await takeSnapshot(
        { engine, imageService: images, host, logger: noOpLogger },
        { context, container, image_id: saved, pause: false, update_task_state: () => Promise.resolve() },
      );
      await snapshot.upload();
    });
    const configuration = configurationIn(images.uploads.get(saved)?.data ?? Buffer.alloc(0));
    expect(configuration.config?.Labels).toEqual(Labels);
    expect(Object.keys(configuration.config?.ExposedPorts ?? {})).toHaveLength(ports);
    expect(JSON.stringify(configuration.history ?? [])).not.toContain('not-inherited');

    // A migration makes another image of what the engine tells of this one.
    const inspected = await engine.images.inspect(bootReference(id));
    const above = configurationAbove(inspected, [`sha256:${sha256(layer)}`], layer.length);
    const text = JSON.stringify(above);
    expect(text.includes('not-inherited')).toBe(isMuch);

    const again = new GivenImages({ [saved]: { data: images.uploads.get(saved)?.data ?? Buffer.alloc(0) } });
    await load(again, saved);
    expect(await withContainer(bootReference(saved), exitCode)).toBe(7);
  });

  it('a command of one word runs as engines with the classic store run it', async () => {
    const archive = await archiveOf({ Cmd: '/bin/true', Entrypoint: null }, {}, []);
    const id = randomUUID();
    const images = new GivenImages({ [id]: { data: archive } });
    await load(images, id);
    expect(await withContainer(bootReference(id), exitCode)).toBe(0);
  });

  it('nothing that an engine need not be given keeps the id that it has elsewhere', async () => {
    if (await hasContainerdStore()) return;
    const archive = await archiveOf({}, {}, []);
    const id = randomUUID();
    const images = new GivenImages({ [id]: { data: archive } });
    await load(images, id);
    const { Id } = await engine.images.inspect(bootReference(id));
    expect(archive.toString('latin1')).toContain(`${Id.slice('sha256:'.length)}.json`);
  });
});

/** The configuration in an archive that the driver wrote. */
function configurationIn(archive: Buffer): ReturnType<typeof parseConfiguration> {
  const text = archive.toString('utf8');
  const begin = text.lastIndexOf('{"architecture"');
  const end = text.indexOf('\0', begin);
  return parseConfiguration('saved', text.slice(begin, end));
}
