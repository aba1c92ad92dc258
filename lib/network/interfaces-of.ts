import type { NetworkInfo, Subnet, VIF } from '../../interfaces/index.js';
import type { ContainerEndpoint, ContainerInspect, Engine, NetworkInspect } from '../engine/index.js';
import { ifThere, isNetworkRef } from '../engine/index.js';
import { label } from '../common/index.js';

const mtuOption = 'com.docker.network.driver.mtu';

/**
 * The interfaces that a container has in the driver's networks, as `network_info` tells them: for when Nova knows
 * nothing of them, and another container is to have the same. An engine does not know a port's id; it is told as the
 * network's. Nor does it know the MAC address of a container that does not run (28.5): then it makes up another one.
 */
export async function interfacesOf(
  engine: Engine,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<NetworkInfo> {
  const { HostConfig: host, NetworkSettings: settings, Config: configuration } = container;
  const connections = Object.entries(settings.Networks);
  const isFirst = ([name]: readonly [string, unknown]): boolean => name === host.NetworkMode;
  const ordered = [...connections.filter(isFirst), ...connections.filter((each) => !isFirst(each))];
  const interfaces: VIF[] = [];
  for (const [name, endpoint] of ordered) {
    const network = isNetworkRef(name) ? await ifThere(engine.networks.inspect(name, { signal })) : undefined;
    const id = network?.Labels[label.networkId];
    if (network === undefined || id === undefined) continue;
    const own = name === host.NetworkMode ? configuration.MacAddress : undefined;
    const address = [endpoint.MacAddress, own].find((mac) => mac !== undefined && mac !== '') ?? null;
    const mtu = network.Options[mtuOption];
    interfaces.push({
      id,
      address,
      network: {
        id,
        subnets: network.IPAM.Config.map((pool) => subnetOf(pool, endpoint)),
        meta: mtu === undefined ? {} : { mtu: Number(mtu) },
      },
    });
  }
  return interfaces;
}

type Pool = NetworkInspect['IPAM']['Config'][number];

function subnetOf(
  { Subnet: cidr, Gateway: gateway }: Pool,
  { IPAMConfig: asked }: ContainerEndpoint,
): Subnet {
  const version = cidr?.includes(':') === true ? 6 : 4;
  const fixed = version === 6 ? asked?.IPv6Address : asked?.IPv4Address;
  return {
    cidr: cidr ?? null,
    version,
    ...(gateway === undefined ? {} : { gateway: { address: gateway } }),
    ips: fixed === undefined || fixed === '' ? [] : [{ address: fixed, type: 'fixed', version }],
  };
}
