import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance, NetworkInfo, Subnet, VIF } from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../../lib/engine/index.js';
import { containerRef, isAtLeast } from '../../../lib/engine/index.js';
import { interfacesOf } from '../../../lib/network/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import { TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

/** What an instance's interfaces are like, beyond the contract of Nova. */
describe('the interfaces of an instance', () => {
  let harness: Harness;
  let engine: Engine;
  /** Whether the engine knows gateway priorities and networks without IPv4. */
  let isSince148: boolean;
  beforeAll(async () => {
    engine = directEngine();
    isSince148 = isAtLeast((await engine.negotiate()).apiVersion, '1.48');
    harness = await dockerHarness();
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });

  const container = (instance: Instance): Promise<ContainerInspect> =>
    engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
  /** Networks in the order that engines sort them in, which is that of their names. */
  const sortedNetworks = (count: number): TestNetwork[] =>
    Array.from({ length: count }, () => new TestNetwork()).sort((one, other) => (one.id < other.id ? -1 : 1));
  const onlyPort = (network_info: NetworkInfo): VIF => {
    const [vif] = network_info;
    if (vif === undefined) throw new Error('a port has an interface');
    return vif;
  };
  const withoutGateway = (network_info: NetworkInfo): NetworkInfo =>
    network_info.map((vif) => ({
      ...vif,
      network: {
        ...vif.network,
        subnets: vif.network.subnets?.map((subnet) => ({ ...subnet, gateway: { address: null } })) ?? [],
      },
    }));

  /** Prints the routes twice a second. */
  const watch = 'while :; do ip route; echo done; sleep 0.5; done';
  const defaultRoutes = async (instance: Instance): Promise<string[]> => {
    const output = await harness.driver.get_console_output(harness.context, instance);
    const latest = output.split('done').slice(0, -1).at(-1) ?? '';
    return [...latest.matchAll(/^default via (\S+)/gm)].flatMap(([, gateway = '']) => gateway);
  };
  const goesThrough = async (instance: Instance, { gateway }: TestNetwork): Promise<void> =>
    await eventually(
      `the default route is ${gateway}`,
      async () => (await defaultRoutes(instance)).join() === gateway,
    );

  describe('default route', () => {
    it('goes through the first port that has a gateway, whatever the names of the networks', async () => {
      if (!isSince148) return;
      const [first, second, third] = sortedNetworks(3);
      if (first === undefined || second === undefined || third === undefined) throw new Error('too few');
      const ports = [...withoutGateway(second.port(5)), ...third.port(6), ...first.port(7)];
      const { instance } = await harness.run(watch, {}, { network_info: ports });
      await goesThrough(instance, third);
    });

    it('stays when an interface is attached, and moves on when its own is detached', async () => {
      if (!isSince148) return;
      const [first, second, third] = sortedNetworks(3);
      if (first === undefined || second === undefined || third === undefined) throw new Error('too few');
      const { driver, context, image } = harness;
      const { instance } = await harness.run(watch, {}, { network_info: third.port(5) });
      await driver.attach_interface(context, instance, image, onlyPort(second.port(6)));
      await driver.attach_interface(context, instance, image, onlyPort(first.port(7)));
      await driver.power_off(instance);
      await driver.power_on(context, instance, [...third.port(5), ...second.port(6), ...first.port(7)]);
      await goesThrough(instance, third);
      await driver.detach_interface(context, instance, onlyPort(third.port(5)));
      await goesThrough(instance, second);
    });
  });

  describe('in a network that has IPv6 only', () => {
    it('has no IPv4 address, and reaches a neighbour', async () => {
      if (!isSince148) return;
      const network = new TestNetwork();
      const prefix = `fd77:${network.id.slice(0, 4)}:${network.id.slice(9, 13)}`;
      const subnet = (last: number): Subnet => ({
        ...{ cidr: `${prefix}::/64`, version: 6, gateway: { address: `${prefix}::1` } },
        ips: [{ address: `${prefix}::${String(last)}`, type: 'fixed', version: 6 }],
      });
      const port = (last: number): NetworkInfo =>
        network.port(last).map((vif) => ({ ...vif, network: { ...vif.network, subnets: [subnet(last)] } }));
      await harness.run('echo done; exec sleep 1000', {}, { network_info: port(10) });
      const ping = `until ping -c 1 -w 5 ${prefix}::10; do sleep 1; done; ip addr show; ip -6 route; echo done; exec sleep 1000`;
      const { output } = await harness.run(ping, {}, { network_info: port(11) });
      expect(output).toContain(`inet6 ${prefix}::11/64`);
      expect(output).toContain(`default via ${prefix}::1 `);
      expect([...output.matchAll(/ inet (\S+)/g)].map(([, address]) => address)).toEqual(['127.0.0.1/8']);
    });
  });

  describe('as the driver knows them without network_info', () => {
    it('are those that Nova asked for, also of a stopped instance and of attached ports', async () => {
      const [first, second] = [new TestNetwork(), new TestNetwork()];
      const { driver, context, image } = harness;
      const [booted, attached] = [onlyPort(first.port(5)), onlyPort(second.port(6))];
      const instance = await harness.boot(
        { system_metadata: { image_os_shutdown_timeout: '1' } },
        { network_info: [booted] },
      );
      await driver.attach_interface(context, instance, image, attached);
      const known = async (): Promise<unknown> =>
        (await interfacesOf(engine, await container(instance))).map(({ id, address, network }) => ({
          ...{ id, address },
          addresses: (network.subnets ?? []).flatMap(({ ips }) => (ips ?? []).map((ip) => ip.address)),
        }));
      const wanted = [
        { id: booted.id, address: 'fa:16:3e:00:00:05', addresses: [first.address(5)] },
        { id: attached.id, address: 'fa:16:3e:00:00:06', addresses: [second.address(6)] },
      ];
      expect(await known()).toEqual(wanted);
      await driver.power_off(instance);
      expect(await known()).toEqual(wanted);
      await driver.power_on(context, instance, null);
      expect(await known()).toEqual(wanted);
    });

    it('are another port after that was attached in place of the first', async () => {
      const network = new TestNetwork();
      const { driver, context, image } = harness;
      const [booted, attached] = [onlyPort(network.port(5)), onlyPort(network.port(6))];
      const instance = await harness.boot({}, { network_info: [booted] });
      await expect(driver.attach_interface(context, instance, image, attached)).rejects.toMatchObject({
        name: 'InterfaceAttachFailed',
      });
      await driver.detach_interface(context, instance, booted);
      await driver.attach_interface(context, instance, image, attached);
      expect(await interfacesOf(engine, await container(instance))).toMatchObject([
        { id: attached.id, address: 'fa:16:3e:00:00:06' },
      ]);
    });
  });
});
