import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, Engine } from '../../../lib/engine/index.js';
import { containerRef, imageReference } from '../../../lib/engine/index.js';
import { repository } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine } from '../../support/engine.js';
import { newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

/** The host's own network: an interface in the engine's network namespace, made by a container that shares that. */
const own = 'nova-own0';
const onHost = `ip link add ${own} type bridge; ip link set ${own} up; ip addr add 10.99.99.1/24 dev ${own}; ip route add 10.98.0.0/16 via 10.99.99.254 dev ${own}; echo ready; trap "ip link del ${own}; exit 0" TERM; sleep 1000 & wait`;

const portIn = (cidr: string, address: string): NetworkInfo => [
  {
    id: randomUUID(),
    address: null,
    network: {
      id: randomUUID(),
      subnets: [{ cidr, version: cidr.includes(':') ? 6 : 4, ips: [{ address }] }],
    },
  },
];

describe("the host's own traffic", () => {
  let harness: Harness;
  let engine: Engine;
  let host: ContainerId;
  beforeAll(async () => {
    engine = directEngine();
    harness = await dockerHarness({ reservedSubnets: ['10.97.0.0/16'] });
    // The image is loaded by this.
    await harness.driver.cache_image(harness.context, harness.image.id);
    const name = containerRef(`own-${harness.host}`);
    const specification = {
      Image: imageReference(repository.image, harness.image.id),
      Cmd: ['sh', '-c', onHost],
      HostConfig: { NetworkMode: 'host', CapAdd: ['NET_ADMIN'] },
    };
    host = (await engine.containers.create({ name, specification })).id;
    await engine.containers.start(host);
    await eventually('the host has its network', async () =>
      (await engine.containers.inspect(host)).State.Running
        ? (await printed()).includes('ready')
        : Promise.reject(new Error(await printed())),
    );
  });
  afterAll(async () => {
    await engine.containers.stop(host, { timeout: 10 });
    await engine.containers.remove(host, { force: true, volumes: true });
    await harness.close();
    engine.close();
  });

  const printed = async (): Promise<string> => {
    const pieces: string[] = [];
    const logs = await engine.containers.logs(host, { stdout: true, stderr: true, tail: 20, tty: false });
    for await (const piece of logs) pieces.push(String(piece));
    return pieces.join('');
  };
  const networks = async (): Promise<string[]> =>
    (await engine.networks.list({})).map(({ Name: name }) => name).sort();

  it.each([
    ['10.99.99.0/28', '10.99.99.5', 'the route 10.99.99.0/24 of the host'],
    ['10.99.99.1/32', '10.99.99.1', '10.99.99'],
    ['10.98.7.0/24', '10.98.7.5', 'the route 10.98.0.0/16 of the host'],
    ['10.96.0.0/12', '10.96.0.5', 'reservedSubnets'],
    ['10.97.5.0/24', '10.97.5.5', 'reservedSubnets'],
  ])('is not given to instances in %s, which another host may have room for', async (cidr, address, what) => {
    const before = await networks();
    const network_info = portIn(cidr, address);
    await expect(harness.boot({}, { network_info })).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringMatching(new RegExp(`${network_info[0]?.network.id ?? ''}.*${what}`)),
    });
    expect(await networks()).toEqual(before);
  });

  it.each(['127.0.0.0/8', '169.254.169.0/24', '224.1.1.0/24', '0.0.0.0/0', 'fe80::/64'])(
    'of every host is not given to instances in %s: no host is tried',
    async (cidr) => {
      const address = cidr.replace(/0\/\d+$|\/\d+$/, '5');
      await expect(harness.boot({}, { network_info: portIn(cidr, address) })).rejects.toMatchObject({
        name: 'VirtualInterfaceCreateException',
      });
    },
  );

  it('is not given to an instance that is there, which keeps the interfaces that it has', async () => {
    const network = new TestNetwork();
    const instance = await harness.boot({}, { network_info: network.port(5) });
    const [vif] = portIn('10.99.99.0/28', '10.99.99.5');
    if (vif === undefined) throw new Error('a port has an interface');
    const look = async ({ uuid }: Instance): Promise<unknown> =>
      (await engine.containers.inspect(containerRef(`nova-${uuid}`))).NetworkSettings.Networks;
    const before = await look(instance);
    await expect(
      harness.driver.attach_interface(harness.context, instance, harness.image, vif),
    ).rejects.toMatchObject({ name: 'InterfaceAttachFailed' });
    await expect(harness.driver.plug_vifs(instance, [vif])).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
    });
    expect(await look(instance)).toEqual(before);
  });

  it('is nothing that a network which the driver made takes from itself, also for the next instance in it', async () => {
    const network = new TestNetwork();
    await harness.boot({}, { network_info: network.port(5) });
    await harness.boot({}, { network_info: network.port(6) });
    const next = await harness.restart();
    const instance = newInstance();
    await next.spawn(harness.context, instance, harness.image, { network_info: network.port(7) });
    await next.destroy(harness.context, instance, network.port(7));
  });

  it('does not keep an instance from a network with IPv6 whose gateway is fe80::1', async () => {
    const subnet = { cidr: 'fd00:7:9::/64', version: 6, gateway: { address: 'fe80::1' } };
    const network_info = portIn('10.95.0.0/24', '10.95.0.5').map((vif) => ({
      ...vif,
      network: {
        ...vif.network,
        subnets: [...(vif.network.subnets ?? []), { ...subnet, ips: [{ address: 'fd00:7:9::5' }] }],
      },
    }));
    await harness.boot({}, { network_info });
  });
});
