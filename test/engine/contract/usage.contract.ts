import { describe, expect, it } from '@jest/globals';
import { newFlavor, newInstance, TestNetwork } from '../../support/nova-objects.js';
import { OneProvider } from '../../support/one-provider.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** The usage of instances and of the host, and the inventory of the host. */
export function usageContract(harness: () => Harness): void {
  const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; echo done; exec sleep 1000';

  describe('get_info with usage', () => {
    it('reports the limits and the usage of an instance', async () => {
      const { driver, run } = harness();
      const { instance } = await run(busy, { flavor: newFlavor({ vcpus: 2, memory_mb: 96 }) });
      const info = await driver.get_info(instance, { usage: true });
      expect(info).toMatchObject({ num_cpu: 2, max_mem_kb: 96 * 1024 });
      expect(info.cpu_time_ns).toBeGreaterThan(10_000_000);
      expect(info.mem_kb).toBeGreaterThan(0);
      expect(info.mem_kb).toBeLessThan(96 * 1024);
    });

    it('measures only with the option usage, and only a running instance', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      expect(await driver.get_info(instance)).not.toHaveProperty('cpu_time_ns');
      await driver.power_off(instance);
      expect(await driver.get_info(instance, { usage: true })).not.toHaveProperty('cpu_time_ns');
    });
  });

  describe('get_instance_diagnostics', () => {
    it('reports the usage of CPUs, memory, disk and network', async () => {
      const { driver, run, context } = harness();
      const network_info = new TestNetwork().port(5);
      const { instance } = await run(
        `dd if=/dev/zero of=/file bs=1M count=4 conv=fsync 2>/dev/null; ping -c 2 -w 3 127.0.0.1 >/dev/null; ${busy}`,
        { flavor: newFlavor({ memory_mb: 96 }) },
        { network_info },
      );
      const diagnostics = await driver.get_instance_diagnostics(instance);
      expect(diagnostics).toMatchObject({
        state: 'running',
        driver: 'libvirt',
        hypervisor: 'docker',
        config_drive: false,
        num_disks: 1,
        num_nics: 1,
        memory_details: { maximum: 96 },
        nic_details: [{ mac_address: network_info[0]?.address, rx_errors: 0, tx_errors: 0 }],
      });
      expect(diagnostics.hypervisor_os).not.toBe('');
      expect(diagnostics.uptime).toBeGreaterThanOrEqual(0);
      expect(diagnostics.uptime).toBeLessThan(600);
      expect(diagnostics.num_cpus).toBe(diagnostics.cpu_details.length);
      expect(diagnostics.cpu_details.reduce((sum, { time }) => sum + time, 0)).toBeGreaterThan(10_000_000);
      expect(diagnostics.memory_details.used).toBeLessThan(96);
      await driver.destroy(context, instance, network_info);
    });

    it('reports that an instance is paused', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await driver.pause(instance);
      await expect(driver.get_instance_diagnostics(instance)).resolves.toMatchObject({ state: 'paused' });
    });

    it('rejects a powered off instance and an unknown one', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      await expect(driver.get_instance_diagnostics(instance)).rejects.toMatchObject({
        name: 'InstanceInvalidState',
      });
      await expect(driver.get_instance_diagnostics(newInstance())).rejects.toMatchObject({
        name: 'InstanceNotFound',
      });
    });
  });

  describe('get_diagnostics', () => {
    it('reports the diagnostics as a flat record of numbers', async () => {
      const { driver, run } = harness();
      const { instance } = await run(busy, { flavor: newFlavor({ memory_mb: 96 }) });
      const diagnostics = await driver.get_diagnostics(instance);
      expect(diagnostics).toMatchObject({
        memory: 96,
        cpu0_time: expect.any(Number),
        disk0_write_bytes: expect.any(Number),
      });
      expect(Object.values(diagnostics).filter((value) => typeof value !== 'number')).toEqual([]);
    });
  });

  describe('get_host_cpu_stats', () => {
    it('reports the times of the CPUs, which increase', async () => {
      const { driver } = harness();
      const before = await driver.get_host_cpu_stats();
      const all = ({ user, kernel, idle, iowait }: typeof before): number => user + kernel + idle + iowait;
      await eventually('time passes', async () => all(await driver.get_host_cpu_stats()) > all(before));
    });
  });

  describe('update_provider_tree', () => {
    it('sets inventory and traits of the host', async () => {
      const { driver, host } = harness();
      const node = new OneProvider();
      await driver.update_provider_tree(node, host);
      const { vcpus, memory_mb, local_gb } = await driver.get_available_resource(host);
      const common = { min_unit: 1, step_size: 1 };
      expect(node.inventory).toEqual({
        VCPU: { ...common, total: vcpus, max_unit: vcpus, reserved: 0, allocation_ratio: 4 },
        MEMORY_MB: { ...common, total: memory_mb, max_unit: memory_mb, reserved: 512, allocation_ratio: 1 },
        DISK_GB: { ...common, total: local_gb, max_unit: local_gb, reserved: 0, allocation_ratio: 1 },
      });
      expect([...node.traits]).toEqual([expect.stringMatching(/^HW_ARCH_/)]);
    });

    it('keeps the allocation ratios that an administrator has set in Placement', async () => {
      const { driver, host } = harness();
      const node = new OneProvider();
      node.inventory = { VCPU: { allocation_ratio: 16 } };
      await driver.update_provider_tree(node, host);
      expect(node.inventory['VCPU']).toMatchObject({ allocation_ratio: 16 });
      expect(node.inventory['MEMORY_MB']).toMatchObject({ allocation_ratio: 1 });
    });

    it('rejects another node', async () => {
      await expect(
        harness().driver.update_provider_tree(new OneProvider(), 'elsewhere'),
      ).rejects.toMatchObject({ name: 'ComputeHostNotFound' });
    });
  });
}
