import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance, NetworkInfo, VIF } from '../../../interfaces/index.js';
import { power_state, reboot_type } from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../../lib/engine/index.js';
import { containerRef, isAtLeast, networkRef } from '../../../lib/engine/index.js';
import { Networks } from '../../../lib/network/index.js';
import type { FaultProxy } from '../../../lib/testing/index.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, engineHost } from '../../support/engine.js';
import { TestNetwork } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

/** What the engine says of the instances' networks, behind the driver's back. */
describe('the networks of instances on a real engine', () => {
  let harness: Harness;
  let engine: Engine;
  let proxy: FaultProxy;
  beforeAll(async () => {
    engine = directEngine();
    proxy = await startFaultProxy({ engine: engineHost() });
    harness = await dockerHarness({ engine: proxy.host });
  });
  afterAll(async () => {
    await harness.close();
    await proxy.close();
    engine.close();
  });

  const container = (instance: Instance): Promise<ContainerInspect> =>
    engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
  const connections = async (instance: Instance): Promise<string[]> =>
    Object.keys((await container(instance)).NetworkSettings.Networks).sort();
  const exists = async ({ id }: TestNetwork): Promise<boolean> =>
    (await engine.networks.list({})).some(({ Name: name }) => name === nameOf({ id }));
  const nameOf = ({ id }: Pick<TestNetwork, 'id'>): string => `nova-${id}`;
  const portOf = (network_info: NetworkInfo): VIF => {
    const [vif] = network_info;
    if (vif === undefined) throw new Error('a port has an interface');
    return vif;
  };
  const impatient = { system_metadata: { image_os_shutdown_timeout: '1' } };

  it('are left by an instance that is unplugged, and entered again when it is plugged', async () => {
    const { driver, boot } = harness;
    const network = new TestNetwork();
    const instance = await boot({}, { network_info: network.port(9) });
    expect(await connections(instance)).toEqual([nameOf(network)]);
    await driver.unplug_vifs(instance, network.port(9));
    expect(await connections(instance)).toEqual([]);
    await driver.plug_vifs(instance, network.port(9));
    expect(await connections(instance)).toEqual([nameOf(network)]);
    expect((await container(instance)).NetworkSettings.Networks[nameOf(network)]).toMatchObject({
      IPAddress: network.address(9),
    });
  });

  it('are gone with the last instance that was attached to them', async () => {
    const { driver, boot, context, image } = harness;
    const [first, second] = [new TestNetwork(), new TestNetwork()];
    const instance = await boot({}, { network_info: first.port(5) });
    const vif = portOf(second.port(6));
    await driver.attach_interface(context, instance, image, vif);
    expect(await connections(instance)).toEqual([nameOf(first), nameOf(second)].sort());
    await driver.detach_interface(context, instance, vif);
    expect(await connections(instance)).toEqual([nameOf(first)]);
    expect(await exists(second)).toBe(false);
    await driver.detach_interface(context, instance, portOf(first.port(5)));
    await driver.destroy(context, instance, []);
    expect(await exists(first)).toBe(false);
  });

  it('leave those alone that an operator connected the container to', async () => {
    const { driver, boot, context } = harness;
    const name = networkRef(`test-${harness.host}`);
    await engine.networks.create({ Name: name, Driver: 'bridge' });
    const network = new TestNetwork();
    const instance = await boot(impatient, { network_info: network.port(5) });
    await engine.networks.connect(name, { container: containerRef(`nova-${instance.uuid}`) });
    await driver.reboot(context, instance, network.port(5), reboot_type.HARD);
    expect(await connections(instance)).toEqual([nameOf(network), name].sort());
    await driver.destroy(context, instance, network.port(5));
    await engine.networks.remove(name);
  });

  it('are not left behind by an interface that could not be connected', async () => {
    const { driver, boot, context, image } = harness;
    const [first, second] = [new TestNetwork(), new TestNetwork()];
    const instance = await boot({}, { network_info: first.port(5) });
    const fault = proxy.inject({
      method: 'POST',
      path: /\/networks\/[^/]+\/connect/,
      kind: 'answer',
      status: 500,
      message: 'no more veth pairs',
    });
    await expect(
      driver.attach_interface(context, instance, image, portOf(second.port(6))),
    ).rejects.toMatchObject({
      name: 'InterfaceAttachFailed',
      message: expect.stringContaining('no more veth pairs'),
    });
    expect(fault.struck()).toHaveLength(1);
    expect(await exists(second)).toBe(false);
    expect(await connections(instance)).toEqual([nameOf(first)]);
  });

  it('are connected once when the answer was lost, and disconnected once', async () => {
    const { driver, boot, context, image } = harness;
    const network = new TestNetwork();
    const instance = await boot();
    const vif = portOf(network.port(6));
    const connect = proxy.inject({ method: 'POST', path: /\/connect/, kind: 'lose-answer' });
    await driver.attach_interface(context, instance, image, vif);
    expect(await connections(instance)).toEqual([nameOf(network)]);
    const disconnect = proxy.inject({ method: 'POST', path: /\/disconnect/, kind: 'lose-answer' });
    const remove = proxy.inject({ method: 'DELETE', path: /\/networks\//, kind: 'lose-answer' });
    await driver.detach_interface(context, instance, vif);
    expect([connect, disconnect, remove].map((fault) => fault.struck().length)).toEqual([1, 1, 1]);
    expect(await connections(instance)).toEqual([]);
    expect(await exists(network)).toBe(false);
  });

  it('that stand in the way of each other on this engine, and other trouble of it, are left to another host', async () => {
    const { boot } = harness;
    const [network, other] = [new TestNetwork(), new TestNetwork()];
    await boot({}, { network_info: network.port(5) });
    const overlapping = network.port(6).map((vif) => ({ ...vif, network: { ...vif.network, id: other.id } }));
    await expect(boot({}, { network_info: overlapping })).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringContaining('overlaps'),
    });
    const foreign = networkRef(nameOf(other));
    await engine.networks.create({ Name: foreign, Driver: 'bridge' });
    await expect(boot({}, { network_info: other.port(7) })).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringContaining(foreign),
    });
    await engine.networks.remove(foreign);
    const secondSubnet = other
      .port(8)
      .map((vif) => ({ ...vif, network: { ...vif.network, id: network.id } }));
    await expect(boot({}, { network_info: secondSubnet })).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringContaining(other.cidr),
    });
    proxy.inject({
      method: 'POST',
      path: /\/networks\/create/,
      kind: 'answer',
      status: 500,
      message: 'iptables failed',
    });
    await expect(boot({}, { network_info: other.port(7) })).rejects.toMatchObject({
      name: 'InstanceDeployFailure',
      message: expect.stringContaining('iptables failed'),
    });
    expect(await exists(other)).toBe(false);
  });

  it('have the MAC address of every port, or are refused where the engine has one for the first only', async () => {
    const { boot } = harness;
    const [first, second] = [new TestNetwork(), new TestNetwork()];
    const network_info = [...first.port(5), ...second.port(6)];
    const booting = boot({}, { network_info });
    if (!isAtLeast((await engine.negotiate()).apiVersion, '1.44')) {
      await expect(booting).rejects.toMatchObject({ name: 'VirtualInterfaceMacAddressException' });
      return;
    }
    const { NetworkSettings: settings } = await container(await booting);
    expect(settings.Networks[nameOf(first)]).toMatchObject({ MacAddress: 'fa:16:3e:00:00:05' });
    expect(settings.Networks[nameOf(second)]).toMatchObject({ MacAddress: 'fa:16:3e:00:00:06' });
  });

  it('are made again when they are gone before the instance was first started', async () => {
    const { boot, driver } = harness;
    const networks = [new TestNetwork(), new TestNetwork()];
    const network_info = networks
      .flatMap((network, index) => network.port(5 + index))
      .map((vif) => ({ ...vif, address: null }));
    const fault = proxy.inject({
      method: 'POST',
      path: /\/start$/,
      kind: 'delay-request',
      milliseconds: 400,
    });
    const booting = boot({}, { network_info });
    await eventually('the fault strikes', () => fault.struck().length > 0);
    for (const network of networks) await engine.networks.remove(networkRef(nameOf(network)));
    const instance = await booting;
    await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });
    expect(await connections(instance)).toEqual(networks.map(nameOf).sort());
  });

  it('are made again when they are gone while the instance was off', async () => {
    const { boot, driver, context } = harness;
    const network = new TestNetwork();
    const instance = await boot(impatient, { network_info: network.port(5) });
    await driver.power_off(instance);
    await engine.networks.remove(networkRef(nameOf(network)));
    await driver.power_on(context, instance, network.port(5));
    expect((await container(instance)).NetworkSettings.Networks[nameOf(network)]).toMatchObject({
      IPAddress: network.address(5),
    });
  });

  it('stay together when drivers of two hosts use them, however they come and go', async () => {
    const { driver, boot, context } = harness;
    const neighbour = await dockerHarness();
    for (let round = 0; round < 6; round += 1) {
      const network = new TestNetwork();
      const leaving = await boot({}, { network_info: network.port(5) });
      const [coming] = await Promise.all([
        neighbour.boot({}, { network_info: network.port(6) }),
        driver.destroy(context, leaving, network.port(5)),
      ]);
      expect((await container(coming)).NetworkSettings.Networks[nameOf(network)]).toMatchObject({
        IPAddress: network.address(6),
      });
      await neighbour.driver.destroy(context, coming, network.port(6));
      expect(await exists(network)).toBe(false);
    }
    await neighbour.close();
  });

  describe('of one container', () => {
    const reserved = { conflict: () => Promise.resolve(undefined) };
    const follow = async (networks: Networks, instance: Instance, network_info: NetworkInfo | null) => {
      const reconnection = await networks.prepareReconnection(await container(instance), network_info);
      await reconnection.connect();
      await reconnection.keep();
    };
    it('can be made those of a network_info, whatever they were', async () => {
      const { boot } = harness;
      const [first, second, third] = [new TestNetwork(), new TestNetwork(), new TestNetwork()];
      const networks = new Networks({ engine, host: harness.host, reserved, logger: noOpLogger });
      const free = (network: TestNetwork, last: number): NetworkInfo =>
        network.port(last).map((vif) => ({ ...vif, address: null }));
      const instance = await boot({}, { network_info: [...free(first, 5), ...free(second, 6)] });
      await follow(networks, instance, null);
      expect(await connections(instance)).toEqual([nameOf(first), nameOf(second)].sort());
      await follow(networks, instance, [...free(second, 7), ...free(third, 8)]);
      expect(await connections(instance)).toEqual([nameOf(second), nameOf(third)].sort());
      expect((await container(instance)).NetworkSettings.Networks[nameOf(second)]).toMatchObject({
        IPAddress: second.address(7),
      });
      await follow(networks, instance, []);
      expect(await connections(instance)).toEqual([]);
      expect(await exists(third)).toBe(false);
    });

    it('are all left by a container that stays, and removed', async () => {
      const { boot } = harness;
      const [first, second] = [new TestNetwork(), new TestNetwork()];
      const networks = new Networks({ engine, host: harness.host, reserved, logger: noOpLogger });
      const instance = await boot({}, { network_info: first.port(5) });
      await networks.attach(await container(instance), portOf(second.port(6)));
      await networks.disconnect([await container(instance)], null);
      expect(await connections(instance)).toEqual([]);
      expect(await exists(second)).toBe(false);
    });
  });
});
