import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Instance, NetworkInfo, VIF } from '../../../interfaces/index.js';
import { reboot_type } from '../../../interfaces/index.js';
import { newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Interfaces: the instance has the address, the MAC address and the name server it was given, from its first start and after every other. */
export function networkContract(harness: () => Harness): void {
  const report = 'ip addr show; cat /etc/resolv.conf; echo done; exec sleep 1000';
  const reports = async (instance: Instance): Promise<string[]> => {
    const output = await harness().driver.get_console_output(harness().context, instance);
    return output.split('done').slice(0, -1);
  };

  /** Prints the instance's addresses again and again. */
  const watch = 'while :; do ip -o -4 addr show; echo done; sleep 0.5; done';
  const impatient = { system_metadata: { image_os_shutdown_timeout: '1' } };
  const addresses = async (instance: Instance): Promise<string[]> => {
    const latest = (await reports(instance)).at(-1) ?? '';
    return [...latest.matchAll(/ inet ([\d.]+)\//g)].flatMap(([, address = '']) => address).sort();
  };
  /** What the instance sees of itself: these addresses, and its own. */
  const sees = async (instance: Instance, expected: readonly string[]): Promise<void> => {
    const all = ['127.0.0.1', ...expected].sort();
    await eventually(`the instance has ${all.join(', ')}`, async () =>
      isDeepStrictEqual(await addresses(instance), all),
    );
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
      const { driver } = harness();
      const network = new TestNetwork();
      const network_info = network.port(9);
      const { instance } = await harness().run(watch, {}, { network_info });
      await driver.plug_vifs(instance, network_info);
      await driver.plug_vifs(instance, network_info);
      await sees(instance, [network.address(9)]);
      await driver.unplug_vifs(instance, network_info);
      await driver.unplug_vifs(instance, network_info);
      await sees(instance, []);
      await driver.plug_vifs(instance, network_info);
      await sees(instance, [network.address(9)]);
    });

    it('keeps it where the orchestrator knows nothing of interfaces, and loses it in the end', async () => {
      const { driver, context } = harness();
      const network = new TestNetwork();
      const { instance } = await harness().run(watch, impatient, { network_info: network.port(12) });
      await driver.plug_vifs(instance, null);
      await driver.unplug_vifs(instance, null);
      await driver.reboot(context, instance, null, reboot_type.HARD);
      await driver.power_off(instance);
      await driver.power_on(context, instance, null);
      await sees(instance, [network.address(12)]);
      await driver.destroy(context, instance, null);
      await driver.cleanup(context, instance, null);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    });
  });

  describe('an interface that no instance can have', () => {
    const network = new TestNetwork();
    const [vif] = network.port(40);
    const [subnet] = vif?.network.subnets ?? [];
    const impossible: [string, NetworkInfo][] = [
      [
        'in two subnets of one IP version',
        changed({ subnets: [subnet, { cidr: '10.0.9.0/24', version: 4 }] }),
      ],
      [
        'with two fixed addresses',
        changed({ subnets: [{ ...subnet, ips: [{ address: '1' }, { address: '2' }] }] }),
      ],
      ['in a network whose id is none', changed({ id: '../../evil' })],
      ['in a subnet that is none', changed({ subnets: [{ cidr: '10.300.0.0/24', version: 4 }] })],
      [
        'with a gateway outside its subnet',
        changed({ subnets: [{ cidr: '10.0.9.0/24', gateway: { address: '10.1.9.1' }, version: 4 }] }),
      ],
      ['with an MTU that no packet fits', changed({ meta: { mtu: 10 } })],
      ['twice in one network', [...network.port(41), ...network.port(42, 'fa:16:3e:00:01:42')]],
    ];

    it.each(impossible)(
      '%s is refused for good, and does not stand in the way of what comes after',
      async (_what, network_info) => {
        const { driver, context, boot } = harness();
        const instance = await boot();
        await expect(boot({}, { network_info })).rejects.toMatchObject({
          name: expect.stringMatching(/^VirtualInterfaceCreateException$|^FixedIpInvalidOnHost$/),
        });
        await driver.unplug_vifs(instance, network_info);
        await driver.cleanup(context, instance, network_info, { destroy_disks: false });
        await driver.destroy(context, instance, network_info);
        await expect(driver.instance_exists(instance)).resolves.toBe(false);
      },
    );

    function changed(changes: object): NetworkInfo {
      return vif === undefined ? [] : [{ ...vif, network: { ...vif.network, ...changes } }];
    }
  });

  describe('an interface that is attached', () => {
    /** Without a MAC address: not every engine can give one to an interface that is attached. */
    const port = (network: TestNetwork, last: number): VIF => {
      const [vif] = network.port(last);
      if (vif === undefined) throw new Error('a port has an interface');
      return { ...vif, address: null };
    };

    it('is there at once, after every restart, and gone when it is detached', async () => {
      const { driver, context, image } = harness();
      const [first, second] = [new TestNetwork(), new TestNetwork()];
      const { instance } = await harness().run(watch, impatient, { network_info: first.port(5) });
      const vif = port(second, 6);
      await driver.attach_interface(context, instance, image, vif);
      await driver.attach_interface(context, instance, image, vif);
      await sees(instance, [first.address(5), second.address(6)]);
      await driver.reboot(context, instance, [...first.port(5), vif], reboot_type.HARD);
      await sees(instance, [first.address(5), second.address(6)]);
      await driver.detach_interface(context, instance, vif);
      await driver.detach_interface(context, instance, vif);
      await sees(instance, [first.address(5)]);
      await driver.reboot(context, instance, first.port(5), reboot_type.HARD);
      await sees(instance, [first.address(5)]);
    });

    it('can be attached to an instance that is off, and detached from it', async () => {
      const { driver, context, image } = harness();
      const [first, second, third] = [new TestNetwork(), new TestNetwork(), new TestNetwork()];
      const { instance } = await harness().run(watch, impatient, { network_info: first.port(5) });
      await driver.power_off(instance);
      await driver.attach_interface(context, instance, image, port(second, 6));
      await driver.attach_interface(context, instance, image, port(third, 7));
      await driver.detach_interface(context, instance, port(second, 6));
      await driver.power_on(context, instance, [...first.port(5), port(third, 7)]);
      await sees(instance, [first.address(5), third.address(7)]);
    });

    it('can be the first of an instance, and the last', async () => {
      const { driver, context, image } = harness();
      const network = new TestNetwork();
      const { instance } = await harness().run(watch, impatient);
      await driver.attach_interface(context, instance, image, port(network, 6));
      await sees(instance, [network.address(6)]);
      await driver.detach_interface(context, instance, port(network, 6));
      await driver.reboot(context, instance, [], reboot_type.HARD);
      await sees(instance, []);
    });

    it('can take the place of the one that the instance was booted with', async () => {
      const { driver, context, image } = harness();
      const [first, second] = [new TestNetwork(), new TestNetwork()];
      const { instance } = await harness().run(watch, impatient, { network_info: first.port(5) });
      await driver.attach_interface(context, instance, image, port(second, 6));
      await driver.detach_interface(context, instance, port(first, 5));
      await sees(instance, [second.address(6)]);
      await driver.power_off(instance);
      await driver.power_on(context, instance, [port(second, 6)]);
      await sees(instance, [second.address(6)]);
    });

    it('cannot be a second one in a network, nor have an address that is taken, and leaves the instance as it was', async () => {
      const { driver, context, image, boot } = harness();
      const [first, second] = [new TestNetwork(), new TestNetwork()];
      await boot({}, { network_info: second.port(6) });
      const { instance } = await harness().run(watch, impatient, { network_info: first.port(5) });
      const refused = { name: 'InterfaceAttachFailed' };
      const attach = (vif: VIF): Promise<void> => driver.attach_interface(context, instance, image, vif);
      await expect(attach(port(first, 7))).rejects.toMatchObject(refused);
      await expect(attach(port(second, 6))).rejects.toMatchObject(refused);
      await driver.detach_interface(context, instance, port(first, 7));
      await driver.reboot(context, instance, first.port(5), reboot_type.HARD);
      await sees(instance, [first.address(5)]);
    });

    it('needs an instance', async () => {
      const { driver, context, image } = harness();
      const vif = port(new TestNetwork(), 6);
      const unknown = { name: 'InstanceNotFound' };
      await expect(driver.attach_interface(context, newInstance(), image, vif)).rejects.toMatchObject(
        unknown,
      );
      await expect(driver.detach_interface(context, newInstance(), vif)).rejects.toMatchObject(unknown);
    });

    it('is what the driver says that it can do', () => {
      expect(harness().driver.capabilities.supports_attach_interface).toBe(true);
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
    it('leaves the spawn to another host, where nobody has it, and leaves nothing', async () => {
      const { driver, boot } = harness();
      const network = new TestNetwork();
      await boot({}, { network_info: network.port(30) });
      const before = await driver.list_instance_uuids();
      await expect(boot({}, { network_info: network.port(30, 'fa:16:3e:00:01:30') })).rejects.toMatchObject({
        name: 'ComputeResourcesUnavailable',
      });
      await expect(driver.list_instance_uuids()).resolves.toEqual(before);
    });
  });
}
