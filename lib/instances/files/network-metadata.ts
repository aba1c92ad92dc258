import type { NetworkInfo, Route, Subnet, VIF } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import type { AddressBlock } from '../../common/index.js';
import { addressBlock, netmask, networkAddress } from '../../common/index.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * The interface types that the metadata reports unchanged; all others become `phy`. Nova: `LEGACY_EXPOSED_VIF_TYPES`.
 */
const exposedVifTypes: ReadonlySet<string> = new Set([
  'bridge',
  'dvs',
  'hw_veb',
  'hyperv',
  'ovs',
  'tap',
  'vhostuser',
  'vif',
]);

/**
 * The contents of `network_data.json` in the config drive. As in Nova, it has the first subnet of each IP version of
 * each network.
 *
 * Nova: `netutils.get_network_metadata`.
 *
 * @returns undefined when the instance has no network.
 */
export function networkMetadata(network_info: NetworkInfo): Json | undefined {
  if (network_info.length === 0) return undefined;
  const links: Json[] = [];
  const networks: Json[] = [];
  const services = new Map<string, Json>();
  const inSubnets = network_info.filter(({ network }) => (network.subnets ?? []).length > 0);
  for (const [index, vif] of inSubnets.entries()) {
    const described = ([4, 6] as const).flatMap((version) => {
      const subnet = vif.network.subnets?.find((each) => each.version === version);
      return subnet === undefined ? [] : [{ version, subnet }];
    });
    if (described.length === 0) continue;
    const link = linkName(vif, index);
    links.push(linkOf(vif, link));
    for (const { version, subnet } of described) {
      if ((subnet.ips ?? []).length === 0) continue;
      const place = { id: `network${networks.length}`, link, network_id: vif.network.id };
      networks.push(networkOf(subnet, version, place));
      for (const service of nameServers(subnet)) services.set(service.address, service);
    }
  }
  return { links, networks, services: [...services.values()] };
}

function linkName({ devname }: VIF, index: number): string {
  return devname === undefined || devname === null || devname === '' ? `interface${index}` : devname;
}

function linkOf({ id: vif_id, type, address, network }: VIF, id: string): Json {
  // DHCP also provides the MTU.
  const isTold = network.subnets?.some(({ meta }) => isSet(meta?.['dhcp_server'])) === true;
  return {
    id,
    vif_id,
    type: typeof type === 'string' && exposedVifTypes.has(type) ? type : 'phy',
    mtu: isTold ? null : (network.meta?.mtu ?? null),
    ethernet_mac_address: address,
  };
}

function networkOf(
  subnet: Subnet,
  version: 4 | 6,
  { id, link, network_id }: { readonly id: string; readonly link: string; readonly network_id: string },
): Json {
  const mode = subnet.meta?.['ipv6_address_mode'];
  const isTold = isSet(subnet.meta?.['dhcp_server']) || isSet(subnet.meta?.['enable_dhcp']);
  if (!isSet(mode) && isTold) return { id, type: `ipv${version}_dhcp`, link, network_id };
  return {
    id,
    type: `ipv${version}${typeof mode === 'string' ? `_${mode}` : ''}`,
    link,
    ip_address: subnet.ips?.[0]?.address,
    netmask: netmask(blockOf(subnet.cidr ?? '')),
    routes: [...defaultRoute(subnet, version), ...(subnet.routes ?? []).map(routeOf)],
    network_id,
    services: nameServers(subnet),
  };
}

function defaultRoute({ gateway }: Subnet, version: 4 | 6): Json[] {
  const address = gateway?.address ?? '';
  if (address === '') return [];
  const all = version === 4 ? '0.0.0.0' : '::';
  return [{ network: all, netmask: all, gateway: address }];
}

function routeOf({ cidr, gateway }: Route): Json {
  const block = blockOf(cidr);
  return { network: networkAddress(block), netmask: netmask(block), gateway: gateway?.address ?? null };
}

/** @throws InvalidInput when a subnet is malformed. */
function blockOf(cidr: string): AddressBlock {
  const block = addressBlock(cidr);
  if (block === undefined)
    throw new InvalidInput(
      `The network information has ${JSON.stringify(cidr)}, which is not a subnet: write 10.0.0.0/24 or 2001:db8::/64`,
    );
  return block;
}

function nameServers({ dns }: Subnet): { readonly type: 'dns'; readonly address: string }[] {
  return (dns ?? []).map(({ address }) => ({ type: 'dns', address }));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false;
}
