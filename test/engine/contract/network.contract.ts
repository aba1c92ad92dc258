import { describe, expect, it } from '@jest/globals';
import type { NetworkInfo } from '../../../interfaces/index.js';
import { power_state, reboot_type } from '../../../interfaces/index.js';
import { TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Interfaces: the instance has the address, the MAC address and the name server it was given, from its first start and after every other. */
export function networkContract(harness: () => Harness): void {
  const report = 'ip addr show; cat /etc/resolv.conf; echo done; exec sleep 1000';
  const reports = async (instance: Parameters<Harness['driver']['get_info']>[0]): Promise<string[]> => {
    const output = await harness().driver.get_console_output(harness().context, instance);
    return output.split('done').slice(0, -1);
  };

  describe('an instance without interfaces', () => {
    it('has the loopback interface and no other', async () => {
      const { output } = await harness().run(report);
      expect(output).toContain('127.0.0.1');
      expect(output).not.toMatch(/eth0/);
    });
  });

  describe('an instance with an interface', () => {
    it('has its fixed address, MAC address and MTU', async () => {
      const network = new TestNetwork();
      const { output } = await harness().run(report, {}, { network_info: network.port(7) });
      expect(output).toContain(`${network.address(7)}/24`);
      expect(output).toContain('fa:16:3e:00:00:07');
      expect(output).toContain('mtu 1400');
    });

    it('keeps them through every kind of restart', async () => {
      const { driver, run, context } = harness();
      const network = new TestNetwork();
      const network_info = network.port(8);
      const impatient = { system_metadata: { image_os_shutdown_timeout: '1' } };
      const { instance } = await run(report, impatient, { network_info });
      await driver.reboot(context, instance, network_info, reboot_type.SOFT);
      await driver.reboot(context, instance, network_info, reboot_type.HARD);
      await driver.power_off(instance);
      await driver.plug_vifs(instance, network_info);
      await driver.power_on(context, instance, network_info);
      await eventually('it has started four times', async () => (await reports(instance)).length === 4);
      for (const output of await reports(instance)) {
        expect(output).toContain(`${network.address(8)}/24`);
        expect(output).toContain('fa:16:3e:00:00:08');
      }
    });

    it('can be plugged and unplugged as often as one likes', async () => {
      const { driver, boot } = harness();
      const network_info = new TestNetwork().port(9);
      const instance = await boot({}, { network_info });
      await driver.plug_vifs(instance, network_info);
      await driver.plug_vifs(instance, network_info);
      await driver.unplug_vifs(instance, network_info);
      await driver.unplug_vifs(instance, network_info);
      await driver.plug_vifs(instance, network_info);
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    });
  });

  describe('instances in one network', () => {
    it('reach each other', async () => {
      const network = new TestNetwork();
      await harness().run('echo done; exec sleep 1000', {}, { network_info: network.port(10) });
      const { output } = await harness().run(
        `ping -c 1 -w 5 ${network.address(10)} && echo reached; echo done`,
        {},
        { network_info: network.port(11) },
      );
      expect(output).toContain('reached');
    });

    it('come and go at the same time without harming each other', async () => {
      const { driver, boot, context } = harness();
      const network = new TestNetwork();
      const cycle = async (last: number): Promise<void> => {
        const network_info: NetworkInfo = network.port(last);
        const instance = await boot({}, { network_info });
        await driver.destroy(context, instance, network_info);
      };
      await Promise.all([20, 21, 22, 23, 24, 25].map(cycle));
    });
  });

  describe('a fixed address that is taken', () => {
    it('fails the spawn, and leaves nothing', async () => {
      const { driver, boot } = harness();
      const network = new TestNetwork();
      await boot({}, { network_info: network.port(30) });
      const before = await driver.list_instance_uuids();
      await expect(boot({}, { network_info: network.port(30, 'fa:16:3e:00:01:30') })).rejects.toMatchObject({
        name: 'FixedIpInvalidOnHost',
      });
      await expect(driver.list_instance_uuids()).resolves.toEqual(before);
    });
  });
}
