import type { NetworkInfo, Subnet, VIF } from '../../interfaces/index.js';
import type { ContainerInspect, Engine, NetworkInspect } from '../engine/index.js';
import { undefinedIfNotFound, isNetworkRef } from '../engine/index.js';
import { label } from '../common/index.js';
import { requestedAddresses, recordedInterface } from './interface-record.js';

const mtuOption = 'com.docker.network.driver.mtu';

/**
 * Rebuilds `network_info` from a container's interfaces in the driver's networks, for a new container with the same
 * interfaces when Nova passes no `network_info`. It trusts what the driver recorded of each interface.
 *
 * Older versions of the driver recorded nothing. Then the network's id stands in for the port's id. Of a stopped
 * container the engine tells only the first interface's MAC address, up to API 1.51. The other interfaces get new ones.
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
    const network = isNetworkRef(name)
      ? await undefinedIfNotFound(engine.networks.inspect(name, { signal }))
      : undefined;
    const id = network?.Labels[label.networkId];
    if (network === undefined || id === undefined) continue;
    const {
      port = id,
      mac,
      addresses = requestedAddresses(endpoint),
    } = recordedInterface(container, name) ?? {};
    const own = name === host.NetworkMode ? configuration.MacAddress : undefined;
    const mtu = network.Options[mtuOption];
    interfaces.push({
      id: port,
      address: mac ?? endpoint.MacAddress ?? own ?? null,
      network: {
        id,
        subnets: network.IPAM.Config.map((pool) => subnetOf(pool, addresses)),
        meta: mtu === undefined ? {} : { mtu: Number(mtu) },
      },
    });
  }
  return interfaces;
}

type Pool = NetworkInspect['IPAM']['Config'][number];

function subnetOf({ Subnet: cidr, Gateway: gateway }: Pool, addresses: readonly string[]): Subnet {
  const version = cidr?.includes(':') === true ? 6 : 4;
  const fixed = addresses.find((address) => address.includes(':') === (version === 6));
  return {
    cidr: cidr ?? null,
    version,
    ...(gateway === undefined ? {} : { gateway: { address: gateway } }),
    ips: fixed === undefined ? [] : [{ address: fixed, type: 'fixed', version }],
  };
}
