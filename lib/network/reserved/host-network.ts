import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { AddressBlock } from '../../common/index.js';
import { addressAlone, addressBlock } from '../../common/index.js';
import { ownProcess } from './engine-process.js';
import { linesOf, readIfThere } from './procfs.js';

/** A block of addresses that the host has or uses. */
export interface Reservation {
  readonly block: AddressBlock;
  /** A noun phrase for messages. */
  readonly what: string;
}

/**
 * Shorter prefixes count as default routes, also in pairs (`0.0.0.0/1` and `128.0.0.0/1`): they contain every subnet.
 */
const minPrefix = { 4: 2, 6: 4 } as const;

/** `RTF_REJECT` from `linux/route.h`: a route without traffic (`unreachable`, `blackhole`, `prohibit`). */
const rejects = 0x02_00;

/**
 * Bridges of the engine's own networks; they count as no reservation. The engine itself refuses a subnet that overlaps
 * one. The bridge of a network that another driver is creating may appear before the engine lists that network.
 */
const engineBridge = /^br-[0-9a-f]{12}$/;

const ownFolder = `${ownProcess}/net`;

/**
 * The addresses and routes of a network namespace.
 *
 * @param folder - the namespace's folder in procfs: `/proc/self/net`, or that of another process.
 */
export async function reservationsIn(folder: string): Promise<Reservation[]> {
  const [v4, v6] = await Promise.all([
    readIfThere(join(folder, 'route')),
    readIfThere(join(folder, 'ipv6_route')),
  ]);
  const routes = [...linesOf(v4).flatMap(ipv4Route), ...linesOf(v6).flatMap(ipv6Route)];
  const addresses =
    folder === ownFolder ? ownAddresses() : await addressesIn(folder, routes.filter(isEngineBridge));
  return [...routes.filter((route) => !isEngineBridge(route)).flatMap(reservationsOf), ...addresses];
}

interface Route {
  readonly device: string;
  readonly block: AddressBlock;
  readonly gateway: AddressBlock | undefined;
}

const isEngineBridge = ({ device }: Route): boolean => engineBridge.test(device);

/** A gateway need not be inside any route: a default route may name a gateway that is simply on the link. */
function reservationsOf({ device, block, gateway }: Route): Reservation[] {
  const leadsEverywhere = block.prefix < minPrefix[block.version];
  return [
    ...(leadsEverywhere ? [] : [{ block, what: `the route ${block.cidr} of the host (${device})` }]),
    ...(gateway === undefined
      ? []
      : [{ block: gateway, what: `the gateway ${gateway.address} of the host (${device})` }]),
  ];
}

/** A line of `/proc/net/route`; its numbers are in the machine's byte order. */
function ipv4Route(line: string): Route[] {
  const [device = '', destination = '', gateway = '', flags = '', , , , mask = ''] = line.trim().split(/\s+/);
  if (!/^[0-9A-F]{8}$/.test(destination) || (parseInt(flags, 16) & rejects) !== 0) return [];
  const prefix = parseInt(mask, 16).toString(2).replaceAll('0', '').length;
  return routesOf(device, `${ipv4Text(destination)}/${prefix}`, ipv4Text(gateway));
}

function ipv4Text(hexadecimal: string): string {
  const bytes = [...Buffer.from(hexadecimal, 'hex')];
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('.');
}

/** A line of `/proc/net/ipv6_route`. */
function ipv6Route(line: string): Route[] {
  const [destination = '', prefix = '', , , gateway = '', , , , flags = '', device = ''] = line
    .trim()
    .split(/\s+/);
  if (!/^[0-9a-f]{32}$/.test(destination) || (parseInt(flags, 16) & rejects) !== 0) return [];
  return routesOf(device, `${ipv6Text(destination)}/${parseInt(prefix, 16)}`, ipv6Text(gateway));
}

function ipv6Text(hexadecimal: string): string {
  return (hexadecimal.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':');
}

function routesOf(device: string, cidr: string, gateway: string): Route[] {
  const block = addressBlock(cidr);
  if (block === undefined) return [];
  return [{ device, block, gateway: /^[0.:]+$/.test(gateway) ? undefined : addressAlone(gateway) }];
}

/** The addresses of this process's own namespace. */
function ownAddresses(): Reservation[] {
  return Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    engineBridge.test(device)
      ? []
      : addresses.flatMap(({ cidr }) => {
          const block = addressBlock(cidr ?? '');
          return block === undefined
            ? []
            : [{ block, what: `the address ${block.cidr} of the host (${device})` }];
        }),
  );
}

/** The IPv4 addresses of another namespace. Its IPv6 addresses are among its routes. */
async function addressesIn(folder: string, ofEngine: readonly Route[]): Promise<Reservation[]> {
  const text = await readIfThere(join(folder, 'fib_trie'));
  const addresses = [...text.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)].flatMap(
    ([, address = '']) => addressAlone(address) ?? [],
  );
  return addresses
    .filter(({ address }) => !ofEngine.some(({ block }) => block.contains(address)))
    .map((block) => ({ block, what: `the address ${block.address} of the host` }));
}
