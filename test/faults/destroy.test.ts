import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageRecord, Instance } from '../../interfaces/index.js';
import { DirectoryImageService, DockerDriver, power_state } from '../../lib/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import { busyboxImage } from '../support/busybox-image.js';
import { engineHost, removeImages } from '../support/engine.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../support/nova-objects.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { eventually } from '../engine/contract/harness.js';

describe('destroy', () => {
  const folder = temporaryFolder();
  let proxy: FaultProxy;
  let driver: DockerDriver;
  let instance: Instance;
  let image: ImageRecord;
  const network_info = new TestNetwork().port(9);

  beforeEach(async () => {
    const imageService = new DirectoryImageService({ directory: await folder.path() });
    image = await imageService.create(
      context,
      { name: 'busybox', container_format: 'docker', disk_format: 'raw' },
      await busyboxImage({ command: ['sleep', '1000'] }),
    );
    proxy = await startFaultProxy({ engine: engineHost() });
    driver = new DockerDriver({ engine: proxy.host, imageService });
    instance = newInstance();
    await driver.init_host(`test-${instance.uuid.slice(0, 8)}`);
    await driver.spawn(context, instance, newImageMeta(image.id), { network_info });
  });
  afterEach(async () => {
    await driver.destroy(context, instance, network_info);
    await driver[Symbol.asyncDispose]();
    await proxy.close();
    await removeImages([image.id]);
  });
  afterAll(() => folder.remove());

  it('rejects with InstancePowerOffFailure if the container stays, so that Nova keeps ports', async () => {
    const path = /\/containers\/[^/]+$/;
    proxy.inject({ method: 'DELETE', path, kind: 'answer', status: 500, message: 'device busy' });
    await expect(driver.destroy(context, instance, network_info)).rejects.toMatchObject({
      name: 'InstancePowerOffFailure',
      message: expect.stringContaining('device busy'),
    });
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
  });

  it('rejects with InstanceTerminationFailure when only the network stays, and can be repeated', async () => {
    proxy.inject({ method: 'DELETE', path: /\/networks\//, kind: 'answer', status: 500 });
    await expect(driver.destroy(context, instance, network_info)).rejects.toMatchObject({
      name: 'InstanceTerminationFailure',
    });
    await expect(driver.instance_exists(instance)).resolves.toBe(false);
    await driver.destroy(context, instance, network_info);
  });

  it('succeeds when the answers of the engine are lost', async () => {
    const fault = proxy.inject({ method: 'DELETE', path: /./, kind: 'lose-answer', times: 3 });
    await driver.destroy(context, instance, network_info);
    expect(fault.struck()).not.toEqual([]);
    await expect(driver.instance_exists(instance)).resolves.toBe(false);
  });

  it.each(['destroy', 'cleanup', 'failed_spawn_cleanup'] as const)(
    '%s rejects when its signal aborts, and can be repeated',
    async (verb) => {
      const run = (options: { signal?: AbortSignal } = {}): Promise<void> =>
        verb === 'failed_spawn_cleanup'
          ? driver.failed_spawn_cleanup(instance, options)
          : driver[verb](context, instance, network_info, options);
      const impatience = new AbortController();
      const reason = new Error('enough');
      const fault = proxy.inject({ method: 'GET', path: /\/containers\/json/, kind: 'stall-request' });
      const outcome = expect(run({ signal: impatience.signal })).rejects.toBe(reason);
      await eventually('the fault strikes', () => fault.struck().length > 0);
      impatience.abort(reason);
      await outcome;
      await expect(driver.instance_exists(instance)).resolves.toBe(true);
      await run();
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    },
  );
});
