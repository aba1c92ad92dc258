import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../interfaces/index.js';
import { power_state } from '../../interfaces/index.js';
import type { Engine } from '../../lib/engine/index.js';
import { containerRef } from '../../lib/engine/index.js';
import { instanceContainerName, instancePartName } from '../../lib/common/labels.js';
import type { FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost, inventory } from '../support/engine.js';
import { newInstance, TestNetwork } from '../support/nova-objects.js';
import { eventually } from '../engine/contract/harness.js';

describe('init_host after a crash, when a repair fails', () => {
  const logged: [string, unknown][] = [];
  const keep = (message: string, details?: unknown): void => void logged.push([message, details]);
  const logger = { debug: () => undefined, info: keep, warn: () => undefined, error: keep };
  let proxy: FaultProxy;
  let harness: Harness;
  let engine: Engine;
  let whole: Instance;
  let crashed: Instance;
  beforeEach(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host, logger, timeouts: { readMs: 3_600_000 } });
    engine = directEngine();
    whole = await harness.boot();
    crashed = newInstance();
    proxy.inject({ method: 'POST', path: /\/start/, kind: 'answer', status: 500 });
    const undo = proxy.inject({ method: 'DELETE', path: /./, kind: 'answer', status: 500, times: Infinity });
    const options = { network_info: new TestNetwork().port(5) };
    await expect(
      harness.driver.spawn(harness.context, crashed, harness.image, options),
    ).rejects.toBeDefined();
    undo.withdraw();
    logged.length = 0;
  });
  afterEach(async () => {
    await harness.restart();
    expect(await isLeft()).toBe(false);
    await harness.close();
    engine.close();
    await proxy.close();
  });
  const isLeft = async (): Promise<boolean> => (await inventory()).containers.join().includes(crashed.uuid);
  const outcome = (): unknown => logged.find(([message]) => message.startsWith('reconciled'))?.[1];

  it.each([
    ['removed', { method: 'DELETE', path: /\/containers\// }],
    ['inspected', { method: 'GET', path: /\/containers\/[0-9a-f]{64}\/json/ }],
  ])('adopts the other instances when a container cannot be %s, and logs it', async (_what, target) => {
    const fault = proxy.inject({
      ...target,
      kind: 'answer',
      status: 500,
      message: 'device busy',
      times: Infinity,
    });
    const next = await harness.restart();
    expect(fault.struck()).toHaveLength(1);
    fault.withdraw();
    await expect(next.get_info(whole)).resolves.toMatchObject({ state: power_state.RUNNING });
    expect(outcome()).toMatchObject({ adopted: [whole.uuid], removed: [], unrepaired: [crashed.uuid] });
    expect(logged).toContainEqual([
      expect.stringContaining('could not recover an instance'),
      {
        instance: crashed.uuid,
        error: expect.objectContaining({ message: expect.stringContaining('device busy') }),
      },
    ]);
  });

  it('adopts the other instances when a container disappears before its inspection', async () => {
    const target = { method: 'GET', path: /\/containers\/[0-9a-f]{64}\/json/ };
    proxy.inject({ ...target, kind: 'answer', status: 404, message: 'No such container: x' });
    await harness.restart();
    expect(outcome()).toMatchObject({ adopted: [whole.uuid], removed: [crashed.uuid], unrepaired: [] });
  });

  it('continues when a container that was set aside cannot be renamed back', async () => {
    const [name, aside] = [instanceContainerName(whole.uuid), instancePartName(whole.uuid, 'replaced')];
    await engine.containers.rename(containerRef(name), { name: containerRef(aside) });
    const fault = proxy.inject({ method: 'POST', path: /\/rename/, kind: 'answer', status: 500 });
    const next = await harness.restart();
    expect(fault.struck()).toHaveLength(1);
    expect(outcome()).toMatchObject({ adopted: [], settled: [], unrepaired: [whole.uuid] });
    await expect(next.list_instance_uuids()).resolves.toEqual([]);
    const later = await harness.restart();
    await expect(later.get_info(whole)).resolves.toMatchObject({ state: power_state.RUNNING });
  });

  it('repairs all instances when a network cannot be removed', async () => {
    const target = { method: 'DELETE', path: /\/networks\// };
    proxy.inject({ ...target, kind: 'answer', status: 500, message: 'iptables failed' });
    await harness.restart();
    expect(outcome()).toMatchObject({ removed: [crashed.uuid], networks: [] });
    expect(logged.map(([message]) => message).join()).toContain('could not remove an unused network');
  });

  it('rejects with HypervisorUnavailable when the engine becomes unreachable', async () => {
    const target = { method: 'GET', path: /\/containers\/[0-9a-f]{64}\/json/ };
    const fault = proxy.inject({ ...target, kind: 'drop-request', times: Infinity });
    await expect(harness.restart()).rejects.toMatchObject({ name: 'HypervisorUnavailable' });
    fault.withdraw();
  });

  it('is aborted by cleanup_host, after which verbs are refused', async () => {
    const { driver, host } = harness;
    const stalled = proxy.inject({
      method: 'GET',
      path: /\/containers\/[0-9a-f]{64}\/json/,
      kind: 'stall-request',
    });
    const beginning = driver.init_host(host).catch((error: unknown) => error);
    await eventually('the fault strikes', () => stalled.struck().length > 0);
    await driver.cleanup_host(host);
    expect(await beginning).toMatchObject({ name: 'HypervisorUnavailable' });
    await expect(driver.list_instances()).rejects.toMatchObject({ name: 'NovaException' });
    await driver.init_host(host);
  });

  it('list_instances distinguishes an error of the engine from an unreachable engine', async () => {
    const target = { method: 'GET', path: /\/containers\/json/ };
    proxy.inject({ ...target, kind: 'answer', status: 500, message: 'layer store is broken' });
    await expect(harness.driver.list_instances()).rejects.toMatchObject({
      name: 'NovaException',
      message: expect.stringContaining('layer store is broken'),
    });
    const away = proxy.inject({ ...target, kind: 'drop-request', times: Infinity });
    await expect(harness.driver.list_instances()).rejects.toMatchObject({ name: 'HypervisorUnavailable' });
    away.withdraw();
  });
});
