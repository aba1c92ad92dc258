import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance, SpawnOptions } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { engineHost, inventory, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../engine/contract/harness.js';

/** The requests of a spawn with a network, files and an image that the engine does not have. */
const steps: readonly [string, Pick<Fault, 'method' | 'path'>][] = [
  ['looking the network up', { method: 'GET', path: /\/networks\/nova-/ }],
  ['creating the network', { method: 'POST', path: /\/networks\/create/ }],
  ['creating the container', { method: 'POST', path: /\/containers\/create/ }],
  ['loading the image', { method: 'POST', path: /\/images\/load/ }],
  ['inspecting the loaded image', { method: 'GET', path: /\/images\/.*\/json/ }],
  ['tagging the image', { method: 'POST', path: /\/images\/.*\/tag/ }],
  ['reading a file of the image', { method: 'GET', path: /\/archive/ }],
  ['writing the files', { method: 'PUT', path: /\/archive/ }],
  ['starting the container', { method: 'POST', path: /\/start/ }],
];

describe('spawn', () => {
  const folder = temporaryFolder();
  let imageService: DirectoryImageService;
  let image: ImageRecord;
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let before: Awaited<ReturnType<typeof inventory>>;
  let instance: Instance;
  let options: SpawnOptions;

  beforeAll(async () => {
    imageService = new DirectoryImageService({ directory: await folder.path() });
    image = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
  });
  afterAll(() => folder.remove());

  beforeEach(async () => {
    before = await inventory();
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    instance = newInstance({ key_data: 'ssh-ed25519 AAAA me' });
    options = { network_info: new TestNetwork().port(7), injected_files: [['/etc/motd', 'hello']] };
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
  });
  afterEach(async () => {
    await driver.destroy(context, instance, []);
    await driver[Symbol.asyncDispose]();
    await proxy.close();
    await removeImages([image.id]);
    expect(await inventory()).toEqual(before);
  });

  const spawn = (more: SpawnOptions = {}): Promise<void> =>
    driver.spawn(context, instance, newImageMeta(image.id), { ...options, ...more });

  describe.each(steps)('when the engine fails while %s', (_step, target) => {
    it('rolls back, and rejects with the message of the engine', async () => {
      const fault = proxy.inject({
        ...target,
        kind: 'answer',
        status: 500,
        message: 'no space left on device',
      });
      const error = await spawn().catch((reason: unknown) => reason);
      expect(fault.struck()).not.toEqual([]);
      expect(error).toMatchObject({ message: expect.stringContaining('no space left on device') });
      expect(await inventory()).toEqual(before);
    });

    it('retries or rolls back when the connection breaks', async () => {
      const fault = proxy.inject({ ...target, kind: 'drop-request', times: 3 });
      const error = await spawn().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(fault.struck()).not.toEqual([]);
      fault.withdraw();
      if (error === undefined) {
        // The driver has retried an idempotent request.
        await driver.destroy(context, instance, options.network_info ?? []);
        await removeImages([image.id]);
      } else expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
      expect(await inventory()).toEqual(before);
    });

    it('succeeds, or can be repeated, when the answer is lost', async () => {
      const fault = proxy.inject({ ...target, kind: 'lose-answer' });
      await spawn().catch(async (error: unknown) => {
        expect(error).toMatchObject({ name: 'HypervisorUnavailable' });
        await spawn();
      });
      expect(fault.struck()).not.toEqual([]);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    });

    it('rolls back when its signal aborts', async () => {
      const impatience = new AbortController();
      const reason = new Error('enough');
      const fault = proxy.inject({ ...target, kind: 'delay-request', milliseconds: 200 });
      const spawning = spawn({ signal: impatience.signal });
      const outcome = expect(spawning).rejects.toBe(reason);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      impatience.abort(reason);
      await outcome;
      expect(await inventory()).toEqual(before);
    });
  });

  it('rolls back when the command of the image cannot be run', async () => {
    const meta = newImageMeta(image.id, { os_command_line: '/no/such/command' });
    await expect(driver.spawn(context, instance, meta, options)).rejects.toMatchObject({
      name: 'ImageUnacceptable',
    });
    expect(await inventory()).toEqual(before);
  });

  it('replaces a container that a crashed spawn left', async () => {
    proxy.inject({ method: 'POST', path: /\/start/, kind: 'answer', status: 500 });
    const undo = proxy.inject({ method: 'DELETE', path: /\/containers\//, kind: 'answer', status: 500 });
    await expect(spawn()).rejects.toMatchObject({ name: 'InstanceDeployFailure' });
    expect(undo.struck()).toHaveLength(1);
    await spawn();
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
  });

  it.each([
    ['with power_on', true, /\/start/],
    ['without power_on', false, /\/rename/],
  ])(
    '%s is rolled back by the next init_host when the driver crashed before its last step',
    async (_what, power_on, path) => {
      proxy.inject({ method: 'POST', path, kind: 'answer', status: 500 });
      proxy.inject({ method: 'DELETE', path: /.*/, kind: 'answer', status: 500, times: Infinity });
      await expect(spawn({ power_on })).rejects.toBeDefined();
      const next = new DockerDriver({ imageService });
      await next.init_host(`test-${instance.uuid.slice(0, 8)}`);
      await next[Symbol.asyncDispose]();
      // The verified image stays in the cache for the next instance.
      await removeImages([image.id]);
      expect(await inventory()).toEqual(before);
      await proxy.close();
      proxy = await startFaultProxy({ engine: engineHost() });
      await driver[Symbol.asyncDispose]();
      driver = new DockerDriver({ engine: proxy.host, imageService });
      await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
    },
  );
});
