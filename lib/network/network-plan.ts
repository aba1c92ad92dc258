import type { NetworkInfo, Subnet, VIF } from '../../interfaces/index.js';
import {
  FixedIpInvalidOnHost,
  VirtualInterfaceCreateException,
  VirtualInterfaceMacAddressException,
} from '../../interfaces/index.js';
import type { EndpointSpecification, NetworkRef, NetworkSpecification } from '../engine/index.js';
import { isNetworkRef, networkRef } from '../engine/index.js';
import type { AddressBlock } from '../common/index.js';
import { addressBlock, engineNetworkName, label } from '../common/index.js';
import { isLinkLocalGateway, specialPurposeOf } from './reserved/index.js';

/** One interface of an instance: the engine's network and the endpoint in it. */
export interface PlannedInterface {
  readonly vif: VIF;
  readonly name: NetworkRef;
  readonly specification: NetworkSpecification;
  readonly endpoint: EndpointSpecification;
  /** The MAC address, if Nova passes one. */
  readonly mac: string | undefined;
  /** Name servers of the interface's subnets. */
  readonly dns: readonly string[];
}

/**
 * Plans the interfaces of an instance: one bridge network per Neutron network, with its subnet, gateway and MTU, and
 * the fixed address and MAC address of the endpoint.
 *
 * The plan validates everything before the driver changes anything: engines report some errors only when a container
 * starts, and 20.10 answers 500 to a malformed subnet, gateway or MTU, as it does to its own failures.
 *
 * @param host - the compute host, for the label of its networks.
 * @throws VirtualInterfaceCreateException, FixedIpInvalidOnHost, VirtualInterfaceMacAddressException when no engine can
 * make an interface, or no host may have it.
 */
export function networkPlan(network_info: NetworkInfo | null | undefined, host: string): PlannedInterface[] {
  const plan = (network_info ?? []).map((vif) => plannedInterface(vif, host));
  const names = plan.map(({ name }) => name);
  const repeated = plan.find(({ name }, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new VirtualInterfaceCreateException(
      `Port ${repeated.vif.id} is not the only one of its instance in network ${repeated.vif.network.id}: ` +
        'an engine connects a container once to a network',
    );
  return plan;
}

/**
 * The engine's name for a Neutron network.
 *
 * @throws VirtualInterfaceCreateException when the id is not valid as part of a name.
 */
function networkName(network_id: string): NetworkRef {
  if (!isNetworkName(network_id))
    throw new VirtualInterfaceCreateException(`${JSON.stringify(network_id)} is not the id of a network`);
  return networkRef(engineNetworkName(network_id));
}

/**
 * The engine's names for the networks of an instance. It skips malformed ids: the driver never created a network for
 * them.
 */
export function networkNames(network_info: NetworkInfo | null | undefined): NetworkRef[] {
  const ids = (network_info ?? []).map(({ network }) => network.id);
  return [...new Set(ids.filter(isNetworkName).map(networkName))];
}

function isNetworkName(network_id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(network_id) && isNetworkRef(engineNetworkName(network_id));
}

function plannedInterface(vif: VIF, host: string): PlannedInterface {
  const { network } = vif;
  const subnets = (network.subnets ?? []).filter((subnet) => subnet.cidr !== null);
  const name = networkName(network.id);
  const v4 = onlySubnet(
    subnets.filter((subnet) => version(subnet) === 4),
    vif,
  );
  const v6 = onlySubnet(
    subnets.filter((subnet) => version(subnet) === 6),
    vif,
  );
  const used = [v4, v6].filter((subnet) => subnet !== undefined);
  return {
    vif,
    name,
    specification: {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      // Neutron omits the gateway of a subnet without a way out.
      Internal: used.length > 0 && used.every((subnet) => gateway(subnet) === undefined),
      ...(v4 === undefined && v6 !== undefined ? { EnableIPv4: false } : {}),
      EnableIPv6: v6 !== undefined,
      IPAM: { Driver: 'default', Config: used.map((subnet) => addressPool(subnet, vif)) },
      Options: mtu(vif),
      Labels: { [label.host]: host, [label.networkId]: network.id },
    },
    endpoint: {
      IPAMConfig: { ...fixedAddress(v4, 'IPv4Address', vif), ...fixedAddress(v6, 'IPv6Address', vif) },
    },
    mac: macAddress(vif),
    dns: used.flatMap((subnet) => (subnet.dns ?? []).map(({ address }) => address)),
  };
}

/** @throws VirtualInterfaceMacAddressException when the address is malformed, multicast or zero. */
function macAddress({ id, address }: VIF): string | undefined {
  if (typeof address !== 'string' || address === '') return undefined;
  const isUnicast = /^[\da-f][02468ace](:[\da-f]{2}){5}$/i.test(address) && !/^[0:]+$/.test(address);
  if (isUnicast) return address;
  throw new VirtualInterfaceMacAddressException(
    `Port ${id} has ${JSON.stringify(address)}, which is not the MAC address of a single interface`,
  );
}

function version(subnet: Subnet): number {
  return subnet.version ?? (subnet.cidr?.includes(':') === true ? 6 : 4);
}

function gateway(subnet: Subnet): string | undefined {
  const address = subnet.gateway?.address ?? '';
  return address === '' ? undefined : address;
}

function addressPool(subnet: Subnet, vif: VIF): { Subnet: string; Gateway?: string } {
  const { block, cidr } = blockOf(subnet, vif);
  const address = gateway(subnet);
  // Engines give every IPv6 bridge the address fe80::1 and refuse it as a subnet's gateway.
  if (address === undefined || isLinkLocalGateway(address, block)) return { Subnet: cidr };
  if (!block.contains(address))
    throw new VirtualInterfaceCreateException(
      `Port ${vif.id} is in subnet ${cidr}, which does not contain its gateway ${address}`,
    );
  return { Subnet: cidr, Gateway: address };
}

/** @throws VirtualInterfaceCreateException when no host can have a network with this subnet. */
function blockOf(subnet: Subnet, vif: VIF): { block: AddressBlock; cidr: string } {
  const cidr = subnet.cidr ?? '';
  const block = addressBlock(cidr);
  if (block?.version !== version(subnet))
    throw new VirtualInterfaceCreateException(
      `Port ${vif.id} is in ${JSON.stringify(cidr)}, which is not an IPv${version(subnet)} subnet`,
    );
  const purpose = specialPurposeOf(block);
  if (purpose !== undefined)
    throw new VirtualInterfaceCreateException(
      `Port ${vif.id} is in subnet ${cidr} of network ${vif.network.id}, which has ${purpose} addresses: give the network another subnet`,
    );
  return { block, cidr };
}

/**
 * Bytes: the minimum of IPv4, and the maximum size of an IP packet. Engines answer 500 to other values, or accept them
 * and then fail to start the container.
 */
const minMtu = 68;
const maxMtu = 65_535;

function mtu(vif: VIF): Record<string, string> {
  const bytes = vif.network.meta?.mtu;
  if (bytes === undefined || bytes === null) return {};
  if (!Number.isInteger(bytes) || bytes < minMtu || bytes > maxMtu)
    throw new VirtualInterfaceCreateException(
      `Network ${vif.network.id} of port ${vif.id} cannot have an MTU of ${bytes} bytes`,
    );
  return { 'com.docker.network.driver.mtu': String(bytes) };
}

function onlySubnet(subnets: readonly Subnet[], vif: VIF): Subnet | undefined {
  if (subnets.length > 1)
    throw new VirtualInterfaceCreateException(
      `Port ${vif.id} is in ${subnets.length} subnets of one IP version (${subnets.map(({ cidr }) => cidr).join(', ')}): ` +
        'an engine network has one',
    );
  return subnets[0];
}

function fixedAddress(
  subnet: Subnet | undefined,
  field: 'IPv4Address' | 'IPv6Address',
  vif: VIF,
): { IPv4Address?: string; IPv6Address?: string } {
  const [ip, ...more] = subnet?.ips ?? [];
  if (subnet === undefined || ip === undefined) return {};
  if (more.length > 0)
    throw new FixedIpInvalidOnHost(
      `Port ${vif.id} has ${more.length + 1} fixed addresses in one subnet: an engine assigns only one`,
    );
  const { block, cidr } = blockOf(subnet, vif);
  if (!block.contains(ip.address))
    throw new FixedIpInvalidOnHost(
      `The fixed address ${ip.address} of port ${vif.id} is not in its subnet ${cidr}`,
    );
  return { [field]: ip.address };
}
