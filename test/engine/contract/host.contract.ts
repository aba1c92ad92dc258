import { describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { newFlavor } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** What a driver reports of its host, and the lifecycle events of its instances. */
export function hostContract(harness: () => Harness): void {
  describe('get_available_nodes and node_is_available', () => {
    it('report the host as the only node', async () => {
      const { driver, host } = harness();
      await expect(driver.get_available_nodes({ refresh: true })).resolves.toEqual([host]);
      await expect(driver.node_is_available(host)).resolves.toBe(true);
      await expect(driver.node_is_available('elsewhere')).resolves.toBe(false);
    });
  });

  describe('get_available_resource', () => {
    it('reports the resources of the host and those allocated to its instances', async () => {
      const { driver, host, boot, context } = harness();
      const before = await driver.get_available_resource(host);
      expect(before.vcpus).toBeGreaterThan(0);
      expect(before.memory_mb).toBeGreaterThan(0);
      expect(before.local_gb).toBeGreaterThan(0);
      expect(before.hypervisor_type).toBe('docker');
      expect(before.hypervisor_hostname).toBe(host);
      expect(before.supported_instances[0]?.slice(1)).toEqual(['docker', 'exe']);
      const instance = await boot({
        flavor: newFlavor({ vcpus: 2, memory_mb: 96, root_gb: 3, ephemeral_gb: 2 }),
      });
      const after = await driver.get_available_resource(host);
      expect(after.vcpus_used).toBe(before.vcpus_used + 2);
      expect(after.memory_mb_used).toBe(before.memory_mb_used + 96);
      expect(after.local_gb_used).toBe(before.local_gb_used + 5);
      await driver.destroy(context, instance, []);
    });

    it('rejects another node', async () => {
      await expect(harness().driver.get_available_resource('elsewhere')).rejects.toMatchObject({
        name: 'ComputeHostNotFound',
      });
    });
  });

  describe('get_host_ip_addr and get_host_uptime', () => {
    it('report the address and the uptime of the host', async () => {
      await expect(harness().driver.get_host_ip_addr()).resolves.toMatch(/^[0-9a-f.:]+$/);
      await expect(harness().driver.get_host_uptime()).resolves.toMatch(/up .*load average/);
    });
  });

  describe('lifecycle events', () => {
    it('report every transition of an instance once and in order', async () => {
      const { driver, events, boot, context } = harness();
      const instance = await boot();
      await driver.pause(instance);
      await driver.unpause(instance);
      await driver.power_off(instance);
      await driver.power_on(context, instance, []);
      await driver.destroy(context, instance, []);
      const { STARTED, PAUSED, RESUMED, STOPPED } = lifecycle_event;
      const expected = [STARTED, PAUSED, RESUMED, STOPPED, STARTED, STOPPED];
      const seen = (): number[] =>
        events.filter(({ uuid }) => uuid === instance.uuid).map(({ transition }) => transition);
      await eventually('all events are reported', () => seen().length >= expected.length);
      expect(seen()).toEqual(expected);
    });

    it('distinguish suspended from paused', async () => {
      const { driver, events, boot, context } = harness();
      const { STARTED, PAUSED, RESUMED, SUSPENDED } = lifecycle_event;
      const instance = await boot();
      const seen = (): number[] =>
        events.filter(({ uuid }) => uuid === instance.uuid).map(({ transition }) => transition);
      const told = (count: number): Promise<void> =>
        eventually('the event is reported', () => seen().length >= count);
      await driver.suspend(context, instance);
      await told(2);
      await driver.resume(context, instance, []);
      await told(3);
      await driver.pause(instance);
      await told(4);
      expect(seen()).toEqual([STARTED, SUSPENDED, RESUMED, PAUSED]);
      await driver.destroy(context, instance, []);
    });

    it('report STOPPED when the process of an instance exits', async () => {
      const { events, run } = harness();
      const { instance } = await run('echo done; sleep 0.2');
      await eventually('the event is reported', () =>
        events.some(
          ({ uuid, transition }) => uuid === instance.uuid && transition === lifecycle_event.STOPPED,
        ),
      );
    });
  });
}
