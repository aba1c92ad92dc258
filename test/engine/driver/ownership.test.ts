import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { power_state } from '../../../interfaces/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import { buildImageArchive } from '../../support/archives.js';
import { bytes } from '../../support/bytes.js';
import type { Harness } from '../contract/harness.js';

describe('two compute hosts on one engine', () => {
  let here: Harness;
  let there: Harness;
  beforeAll(async () => {
    here = await dockerHarness();
    there = await dockerHarness();
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  it("do not see or change each other's instances", async () => {
    const instance = await here.boot();
    const { driver, context } = there;
    const unknown = { name: 'InstanceNotFound' };
    await expect(driver.get_info(instance)).rejects.toMatchObject(unknown);
    await expect(driver.pause(instance)).rejects.toMatchObject(unknown);
    await expect(driver.unpause(instance)).rejects.toMatchObject(unknown);
    await expect(driver.power_on(context, instance, [])).rejects.toMatchObject(unknown);
    await expect(driver.reboot(context, instance, [], 'HARD')).rejects.toMatchObject(unknown);
    await expect(driver.get_console_output(context, instance)).rejects.toMatchObject(unknown);
    await driver.power_off(instance);
    await driver.destroy(context, instance, []);
    await driver.failed_spawn_cleanup(instance);
    await expect(driver.list_instance_uuids()).resolves.not.toContain(instance.uuid);
    await expect(here.driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
  });

  it('keep a shared network while one destroys an instance and the other spawns one', async () => {
    const network = new TestNetwork();
    const first = await here.boot({}, { network_info: network.port(5) });
    const [second] = await Promise.all([
      there.boot({}, { network_info: network.port(6) }),
      here.driver.destroy(here.context, first, network.port(5)),
    ]);
    await expect(there.driver.get_info(second)).resolves.toMatchObject({ state: power_state.RUNNING });
    await there.driver.destroy(there.context, second, network.port(6));
  });
});

describe('an image with 129 volumes', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await dockerHarness();
  });
  afterAll(() => harness.close());

  const imageWith = async (config: Record<string, unknown>): Promise<string> => {
    const metadata = { container_format: 'docker', disk_format: 'raw' };
    const archive = bytes(await buildImageArchive({ config }));
    return (await harness.imageService.create(harness.context, metadata, archive)).id;
  };

  it('is refused, so that inherited configuration cannot make the list of instances fail', async () => {
    const Volumes = Object.fromEntries(Array.from({ length: 129 }, (_, number) => [`/v${number}`, {}]));
    const id = await imageWith({ Volumes });
    await expect(
      harness.driver.spawn(harness.context, newInstance(), newImageMeta(id)),
    ).rejects.toMatchObject({
      name: 'ImageUnacceptable',
      message: expect.stringContaining('129 volumes: 128 are allowed'),
    });
  });
});

describe('an instance whose image has an unknown stop signal', () => {
  it('is powered off', async () => {
    const harness = await dockerHarness({}, { StopSignal: 'BANANA' });
    const instance = await harness.boot();
    await harness.driver.power_off(instance, { timeout: 4, retry_interval: 1 });
    await expect(harness.driver.get_info(instance)).resolves.toMatchObject({ state: power_state.SHUTDOWN });
    await harness.close();
  });
});

describe('a snapshot whose update_task_state never settles', () => {
  it('rejects when its signal aborts, and releases the lock of the instance', async () => {
    const harness = await dockerHarness();
    const { driver, context, imageService } = harness;
    const instance = await harness.boot();
    const { id } = await imageService.create(context, { name: 'never' });
    const reason = new Error('enough');
    const impatience = new AbortController();
    const snapshotting = driver.snapshot(
      context,
      instance,
      id,
      () => {
        impatience.abort(reason);
        return new Promise(() => undefined);
      },
      { signal: impatience.signal },
    );
    await expect(snapshotting).rejects.toBe(reason);
    await driver.destroy(context, instance, []);
    await harness.close();
  });
});
