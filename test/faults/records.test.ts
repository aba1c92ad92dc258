import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ComputeDriver, Instance } from '../../interfaces/index.js';
import { power_state, reboot_type } from '../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../lib/engine/index.js';
import { containerRef } from '../../lib/engine/index.js';
import type { Fault, FaultProxy } from '../../lib/testing/index.js';
import { startFaultProxy } from '../../lib/testing/index.js';
import type { Harness } from '../engine/contract/harness.js';
import { dockerHarness } from '../support/docker-harness.js';
import { directEngine, engineHost } from '../support/engine.js';

const nameOf = ({ uuid }: Instance): ContainerRef => containerRef(`nova-${uuid}`);

describe('a record of an instance', () => {
  const warnings: string[] = [];
  const keep = (message: string): void => void warnings.push(message);
  const logger = { debug: () => undefined, info: () => undefined, warn: keep, error: () => undefined };
  let proxy: FaultProxy;
  let harness: Harness;
  let engine: Engine;
  let instance: Instance;
  beforeEach(async () => {
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host, logger });
    engine = directEngine();
    // A program that does not fork: under load, an engine fails to freeze one that does.
    const metadata = { image_os_shutdown_timeout: '1' };
    ({ instance } = await harness.run('echo done; exec sleep 1000', { system_metadata: metadata }));
    warnings.length = 0;
  });
  afterEach(async () => {
    await harness.close();
    await proxy.close();
    engine.close();
  });

  const snapshot = async (): Promise<void> => {
    const { driver, context, imageService } = harness;
    const { id } = await imageService.create(context, { name: 'saved' });
    try {
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      expect((await imageService.show(context, id)).status).toBe('active');
    } finally {
      await imageService.delete(context, id);
    }
  };
  const state = async (driver = harness.driver): Promise<number> => (await driver.get_info(instance)).state;
  /** Removals of the record: the first one, before it is written, finds none. */
  const removal = (nth: number): Fault => ({
    method: 'DELETE',
    path: /\/volumes\//,
    nth,
    kind: 'answer',
    status: 500,
    message: 'device busy',
  });
  /** Leaves the record of an instance that runs, as a driver does that dies after it has unpaused the instance. */
  const leaveRecord = async (): Promise<void> => {
    proxy.inject(removal(2));
    await snapshot().catch(() => undefined);
    expect(await state()).toBe(power_state.RUNNING);
  };
  /** Makes a driver's pause of the instance fail, and leaves the record, as a driver does that dies before the pause. */
  const dieBeforePause = async (): Promise<void> => {
    const dead = proxy.inject({
      path: /\/(pause|unpause|volumes\/nova.*)$/,
      kind: 'drop-request',
      nth: 2,
      times: Infinity,
    });
    await expect(snapshot()).rejects.toBeDefined();
    dead.withdraw();
    expect(await state()).toBe(power_state.RUNNING);
  };

  it.each<[string, (driver: ComputeDriver) => Promise<void>]>([
    ['power_off', (driver) => driver.power_off(instance)],
    ['soft_delete', (driver) => driver.soft_delete(instance)],
  ])('that cannot be looked up after a stop does not fail %s', async (_verb, stop) => {
    // The first look finds the instance, the second one asks how it has ended.
    const target = { method: 'GET', path: /\/containers\/[^/]+\/json/, nth: 2 } as const;
    const fault = proxy.inject({ ...target, kind: 'answer', status: 500, message: 'layer store is broken' });
    await stop(harness.driver);
    expect(fault.struck()).toHaveLength(1);
    expect(warnings.join()).toContain('could not record that a stop was requested');
    expect(await state()).toBe(power_state.SHUTDOWN);
  });

  it.each<[string, (driver: ComputeDriver) => Promise<void>]>([
    ['resume', (driver) => driver.resume(harness.context, instance, [])],
    ['power_on', (driver) => driver.power_on(harness.context, instance, [])],
    ['reboot', (driver) => driver.reboot(harness.context, instance, [], reboot_type.HARD)],
  ])('of a suspension that cannot be removed does not fail %s', async (_verb, run) => {
    const { driver, context } = harness;
    await driver.suspend(context, instance);
    const fault = proxy.inject(removal(1));
    await run(driver);
    expect(fault.struck()).toHaveLength(1);
    expect(warnings.join()).toContain('the record of a suspension');
    expect(await state()).toBe(power_state.RUNNING);
  });

  it("of a snapshot's pause that cannot be removed does not fail the snapshot, which is good", async () => {
    proxy.inject(removal(2));
    await snapshot();
    expect(warnings.join()).toContain("could not remove the record of a snapshot's pause");
    expect(await state()).toBe(power_state.RUNNING);
  });

  it.each(['pause', 'suspend'] as const)(
    "of a snapshot's pause does not end a %s that the user asked for since",
    async (verb) => {
      await leaveRecord();
      const { driver, context } = harness;
      if (verb === 'pause') await driver.pause(instance);
      else await driver.suspend(context, instance);
      const next = await harness.restart();
      expect(await state(next)).toBe(verb === 'pause' ? power_state.PAUSED : power_state.SUSPENDED);
    },
  );

  it.each([
    ['woken the instance', leaveRecord],
    ['not paused it yet', dieBeforePause],
  ])("of a snapshot's pause is removed by the next driver if the last one had %s", async (_when, leave) => {
    await leave();
    await harness.restart();
    await engine.containers.pause(nameOf(instance));
    const next = await harness.restart();
    expect(await state(next)).toBe(power_state.PAUSED);
  });
});
