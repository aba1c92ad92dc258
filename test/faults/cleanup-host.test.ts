import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../interfaces/index.js';
import { power_state } from '../../interfaces/index.js';
import { containerRef } from '../../lib/engine/index.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { eventually } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost, inventory } from '../support/engine.js';
import { newInstance, TestNetwork } from '../support/nova-objects.js';

describe('cleanup_host', () => {
  let proxy: FaultProxy;
  let harness: Harness;
  beforeEach(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host });
  });
  afterEach(async () => {
    await harness.driver.init_host(harness.host);
    await harness.close();
    await proxy.close();
  });

  /** A spawn that the engine keeps waiting at its last step but one. */
  async function spawnThatWaits(): Promise<{ instance: Instance; spawning: Promise<unknown> }> {
    const { driver, context, image } = harness;
    const instance = newInstance();
    const start = proxy.inject({
      method: 'POST',
      path: /\/start/,
      kind: 'delay-request',
      milliseconds: 1500,
    });
    const network_info = new TestNetwork().port(9);
    const spawning = driver
      .spawn(context, instance, image, { network_info })
      .catch((error: unknown) => error);
    await eventually('the container is to be started', () => start.struck().length > 0);
    return { instance, spawning };
  }
  const ours = async ({ uuid }: Instance): Promise<string[]> =>
    (await inventory()).containers.filter((container) => container.includes(uuid));

  it('refuses verbs at once, and ends when those under way are undone', async () => {
    const { driver, host } = harness;
    const { instance, spawning } = await spawnThatWaits();
    const networks = (await inventory()).networks.length;
    const cleaning = driver.cleanup_host(host);
    await expect(driver.list_instances()).rejects.toMatchObject({ message: expect.stringContaining(host) });
    await cleaning;
    expect(await ours(instance)).toEqual([]);
    expect((await inventory()).networks.length).toBe(networks - 1);
    expect(await spawning).toMatchObject({
      name: 'HypervisorUnavailable',
      message: expect.stringContaining(host),
    });
  });

  it('breaks off what would take long, and verbs that wait for their turn', async () => {
    const { driver, context, host } = harness;
    const stubborn = { properties: { os_command_line: `sh -c 'trap "" TERM; echo ready; sleep 1000'` } };
    const instance = newInstance();
    await driver.spawn(context, instance, { ...harness.image, ...stubborn });
    const stopping = driver.power_off(instance, { timeout: 600, retry_interval: 60 });
    const waiting = driver.pause(instance);
    const outcomes = Promise.allSettled([stopping, waiting]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await driver.cleanup_host(host);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await driver.init_host(host);
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    await driver.destroy(context, instance, []);
  });

  it('is nothing to worry about when there is nothing to leave, or when it comes twice', async () => {
    const { driver, host } = harness;
    await Promise.all([driver.cleanup_host(host), driver.cleanup_host(host)]);
    await driver.cleanup_host(host);
    await expect(driver.list_instances()).rejects.toMatchObject({ name: 'NovaException' });
  });

  it('tells no event any more, not even one that has waited for the listener', async () => {
    const { driver, host, events } = harness;
    const instance = await harness.boot();
    await eventually('the start is told', () => events.length > 0);
    let heard = 0;
    await driver.register_event_listener(async () => {
      heard += 1;
      await driver.cleanup_host(host);
    });
    const engine = directEngine();
    await engine.containers.pause(containerRef(`nova-${instance.uuid}`));
    await engine.containers.unpause(containerRef(`nova-${instance.uuid}`));
    engine.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(heard).toBe(1);
    await driver.register_event_listener(() => undefined);
  });
});

describe('init_host', () => {
  it('breaks off the verbs of the time before, and leaves nothing of them', async () => {
    const proxy = await startFaultProxy({ engine: engineHost() });
    const harness = await dockerHarness({ engine: proxy.host });
    const { driver, context, host, image } = harness;
    const instance = newInstance();
    const start = proxy.inject({
      method: 'POST',
      path: /\/start/,
      kind: 'delay-request',
      milliseconds: 1000,
    });
    const spawning = driver.spawn(context, instance, image).catch((error: unknown) => error);
    await eventually('the container is to be started', () => start.struck().length > 0);
    await driver.init_host(host);
    expect(await spawning).toMatchObject({ name: 'HypervisorUnavailable' });
    await expect(driver.list_instance_uuids()).resolves.toEqual([]);
    await driver.spawn(context, instance, image);
    await driver.destroy(context, instance, []);
    await harness.close();
    await proxy.close();
  });
});
