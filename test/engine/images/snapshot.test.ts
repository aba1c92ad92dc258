import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  task_states,
  type ImageMetadata,
  type ImageRecord,
  type RequestContext,
} from '../../../interfaces/index.js';
import {
  containerRef,
  Engine,
  engineAddress,
  type ContainerInspect,
  type ContainerSpecification,
} from '../../../lib/engine/index.js';
import { bootReference, ImageLoader, type SnapshotRequest } from '../../../lib/images/index.js';
import { label } from '../../../lib/common/labels.js';
import { readAll } from '../../../lib/streams/index.js';
import { startFaultProxy, type FaultProxy } from '../../../lib/testing/index.js';
import { rawHeader } from '../../support/archives.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { directEngine, engineHost, inventory, removeImages } from '../../support/engine.js';
import { GivenImages } from '../../support/given-images.js';
import { context } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { takeSnapshot } from '../../support/take-snapshot.js';

const host = 'snapshot-test';
const MiB = 1024 * 1024;

describe('takeSnapshot', () => {
  /** The image of all containers. */
  const base: string = randomUUID();
  let proxy: FaultProxy;
  let engine: Engine;
  let direct: Engine;
  let images: GivenImages;
  let container: ContainerInspect;
  let containers: string[];
  let before: string[];

  beforeAll(async () => {
    direct = directEngine();
    images = new GivenImages({
      [base]: {
        data: await readAll(
          await busyboxImage({
            command: ['sleep', '1000'],
            config: { Env: ['PATH=/bin', 'COLOUR=of the image'], Labels: { 'of.the.image': 'kept' } },
          }),
          Infinity,
        ),
      },
    });
    await new ImageLoader({ engine: direct, imageService: images, host, logger: noOpLogger }).load(
      context,
      base,
    );
  });
  afterAll(async () => {
    await removeImages([base]);
    direct.close();
  });

  beforeEach(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    engine = new Engine(engineAddress(proxy.host));
    images.uploads.clear();
    containers = [];
    before = (await inventory()).images;
    container = await run({ Cmd: ['sh', '-c', 'echo precious > /saved; exec sleep 1000'] });
  });
  afterEach(async () => {
    for (const name of containers) await direct.containers.remove(containerRef(name), { force: true });
    engine.close();
    await proxy.close();
    // No test may leave an image behind, not even a failed one.
    expect((await inventory()).images).toEqual(before);
  });

  /** Starts a container with the labels and settings that the driver gives one. */
  async function run(
    specification: Partial<ContainerSpecification>,
    image_id = base,
  ): Promise<ContainerInspect> {
    const name = `nova-${randomUUID()}`;
    containers.push(name);
    await direct.containers.create({
      name: containerRef(name),
      specification: {
        Image: bootReference(image_id),
        Hostname: 'lab',
        Env: ['SECRET=of the instance', 'COLOUR=of the instance'],
        Labels: { [label.host]: host, [label.instanceUuid]: randomUUID() },
        OpenStdin: true,
        StopTimeout: 7,
        HostConfig: { NetworkMode: 'none' },
        ...specification,
      },
    });
    await direct.containers.start(containerRef(name));
    return await direct.containers.inspect(containerRef(name));
  }

  async function save(request: Partial<SnapshotRequest> = {}, imageService = images): Promise<string> {
    const image_id = request.image_id ?? randomUUID();
    imageService.queue(image_id);
    const snapshot = await takeSnapshot(
      { engine, imageService, host, logger: noOpLogger },
      { context, container, image_id, pause: true, update_task_state: () => Promise.resolve(), ...request },
    );
    await snapshot.upload();
    return image_id;
  }

  async function outputOf(specification: Partial<ContainerSpecification>, image_id: string): Promise<string> {
    const { Id } = await run(specification, image_id);
    await direct.containers.wait(Id);
    return String(await readAll(await direct.containers.logs(Id, { tty: false }), 64 * 1024));
  }

  it('saves a container with its files as a bootable image', async () => {
    const id = await save();
    const loader = new ImageLoader({ engine, imageService: images, host, logger: noOpLogger });
    await loader.load(context, id);
    const reference = bootReference(id);
    try {
      expect(await outputOf({ Cmd: ['cat', '/saved'] }, id)).toBe('precious\n');
      const { Config: config } = await direct.images.inspect(reference);
      expect(config?.Cmd).toEqual(container.Config.Cmd);
    } finally {
      for (const name of containers.splice(1))
        await direct.containers.remove(containerRef(name), { force: true });
      await removeImages([id]);
    }
  });

  it("saves no environment, label or name of the instance, only the image's own configuration", async () => {
    const id = await save();
    const text = images.uploads.get(id)?.data.toString('latin1') ?? '';
    const configuration = text.slice(text.lastIndexOf('{"architecture"'));
    expect(configuration).toContain('"of.the.image":"kept"');
    expect(configuration).toContain('COLOUR=of the image');
    for (const secret of ['of the instance', 'nova-docker-driver', '"lab"', container.Id, 'StopTimeout'])
      expect(text).not.toContain(secret);
  });

  it('writes formats and properties to the record in the image service', async () => {
    const id = await save({ project_id: 'acme' });
    expect(images.uploads.get(id)?.metadata).toEqual({
      container_format: 'docker',
      disk_format: 'raw',
      properties: { image_location: 'snapshot', image_state: 'available', owner_id: 'acme' },
    });
  });

  it('reports task states and progress in order', async () => {
    const told: unknown[] = [];
    await save({
      update_task_state: async (update) => {
        told.push(update);
        await Promise.resolve();
      },
      onProgress: ({ phase }) => told.push(phase),
    });
    expect(told).toEqual([
      { task_state: task_states.IMAGE_PENDING_UPLOAD },
      'committing',
      { task_state: task_states.IMAGE_UPLOADING, expected_state: task_states.IMAGE_PENDING_UPLOAD },
    ]);
  });

  it('saves a paused container, which stays paused, and a stopped container', async () => {
    await direct.containers.pause(container.Id);
    await save();
    expect((await direct.containers.inspect(container.Id)).State.Paused).toBe(true);
    await direct.containers.unpause(container.Id);
    await direct.containers.stop(container.Id, { timeout: 0 });
    await save();
  });

  it.each([task_states.IMAGE_PENDING_UPLOAD, task_states.IMAGE_UPLOADING])(
    "rejects with the orchestrator's error when update_task_state fails at %s",
    async (when) => {
      const deleting = new Error('UnexpectedDeletingTaskStateError');
      const saving = save({
        update_task_state: ({ task_state }) =>
          task_state === when ? Promise.reject(deleting) : Promise.resolve(),
      });
      await expect(saving).rejects.toBe(deleting);
      expect(images.uploads.size).toBe(0);
    },
  );

  it("rejects with the image service's error", async () => {
    class FullService extends GivenImages {
      override async update(
        _context: RequestContext,
        _image_id: string,
        _metadata: ImageMetadata,
        data?: Readable,
      ): Promise<ImageRecord> {
        data?.once('data', () => data.destroy(new Error('over quota')));
        await readAll(data ?? Readable.from([]), Infinity);
        throw new Error('no data');
      }
    }
    await expect(save({}, new FullService())).rejects.toThrow('over quota');
  });

  it('rejects with the reason of its signal during commit and upload, and leaves no image', async () => {
    const reason = new Error('deleted');
    for (const phase of ['committing', 'uploading'] as const) {
      const controller = new AbortController();
      class SlowService extends GivenImages {
        override async update(
          _context: RequestContext,
          _image_id: string,
          _metadata: ImageMetadata,
          data: Readable = Readable.from([]),
        ): Promise<ImageRecord> {
          if (phase === 'uploading') controller.abort(reason);
          await readAll(data, Infinity);
          throw new Error('was not broken off');
        }
      }
      const saving = save(
        {
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.phase === phase) controller.abort(reason);
          },
        },
        new SlowService(),
      );
      await expect(saving).rejects.toBe(reason);
      expect((await inventory()).images).toEqual(before);
    }
  });

  it.each([
    ['/commit', 'lose-answer'],
    ['/commit', 'drop-request'],
    ['/images/.*/get', 'drop-request'],
    ['/images/.*/get', 'truncate-answer'],
  ] as const)('leaves no image and no upload when the connection breaks at %s (%s)', async (path, kind) => {
    const fault = { path: new RegExp(path), times: 2 };
    const strike = proxy.inject(
      kind === 'truncate-answer' ? { ...fault, kind, afterBytes: 100_000 } : { ...fault, kind },
    );
    await expect(save()).rejects.toMatchObject({
      name: expect.stringMatching(/EngineUnreachable|TruncatedStream/),
    });
    expect(strike.struck().length).toBeGreaterThan(0);
    expect(images.uploads.size).toBe(0);
    expect((await inventory()).images).toEqual(before);
  });

  it("rejects with the engine's 404 when the container is missing", async () => {
    await direct.containers.remove(container.Id, { force: true });
    containers = [];
    await expect(save()).rejects.toMatchObject({ name: 'EngineError', status: 404 });
  });

  it('streams a container of 256 MiB in less than 100 MiB of memory', async () => {
    await direct.files.putArchive(container.Id, { path: '/', archive: largeFile(256 * MiB) });
    let most = 0;
    let bytes = 0;
    class CountingService extends GivenImages {
      override async update(
        _context: RequestContext,
        image_id: string,
        _metadata: ImageMetadata,
        data: Readable = Readable.from([]),
      ): Promise<ImageRecord> {
        for await (const piece of data) {
          bytes += Buffer.isBuffer(piece) ? piece.length : NaN;
          most = Math.max(most, process.memoryUsage().rss);
        }
        this.give(image_id, { data: Buffer.alloc(0) });
        return await this.show(context, image_id);
      }
    }
    const { rss } = process.memoryUsage();
    await save({}, new CountingService());
    expect(bytes).toBeGreaterThan(256 * MiB);
    expect(most - rss).toBeLessThan(100 * MiB);
  });
});

/** Generates an archive with one file of `size` random bytes while it is read. */
function largeFile(size: number): Readable {
  const piece = randomBytes(MiB);
  return Readable.from(
    (function* () {
      yield rawHeader({ name: 'large', size });
      for (let left = size; left > 0; left -= piece.length) yield piece;
      yield Buffer.alloc(1024);
    })(),
    { objectMode: false },
  );
}
