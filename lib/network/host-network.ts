import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../streams/index.js';
import type { AddressBlock } from '../common/index.js';
import { addressAlone, addressBlock } from '../common/index.js';

/** A block of addresses that the host has or uses. */
export interface Reservation {
  readonly block: AddressBlock;
  /** A noun phrase for messages. */
  readonly what: string;
}

/**
 * Shorter prefixes count as default routes, also in pairs (`0.0.0.0/1` and `128.0.0.0/1`): they contain every subnet.
 */
const shortestPrefix = { 4: 2, 6: 4 } as const;

/** `RTF_REJECT` from `linux/route.h`: a route without traffic (`unreachable`, `blackhole`, `prohibit`). */
const rejects = 0x02_00;

/**
 * Bridges of the engine's own networks; they count as no reservation. The engine itself refuses a subnet that overlaps
 * one. The bridge of a network that another driver is creating may appear before the engine lists that network.
 */
const engineBridge = /^br-[0-9a-f]{12}$/;

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

export const ownFolder = '/proc/self/net';

/**
 * Finds the procfs folder of the network namespace that the listener of a unix socket runs in. A process belongs to
 * that namespace when the socket listens there and the process sees the same file (device and inode) at the socket's
 * path. Comparing files is necessary: a container of an instance can bind the same path, but not the same file.
 *
 * @returns undefined when no process that this one may inspect qualifies: the engine is in another container, belongs
 * to another user, or is on another machine behind a forwarded socket.
 */
export async function networkFolderOf(socketPath: string): Promise<string | undefined> {
  const socket = await statIfThere(socketPath);
  if (socket === undefined) return undefined;
  if (await shows('/proc/self', socket)) return ownFolder;
  const seen = new Set<string>();
  for (const pid of (await processes()).filter((name) => /^\d+$/.test(name))) {
    const process = `/proc/${pid}`;
    const namespaces = await namespacesOf(process);
    if (namespaces === undefined || seen.has(namespaces)) continue;
    seen.add(namespaces);
    if (await shows(process, socket)) return `${process}/net`;
  }
  return undefined;
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

/** Whether a socket listens in the network namespace of a process. */
async function shows(process: string, socket: Identity): Promise<boolean> {
  const listening = linesOf(await readIfThere(`${process}/net/unix`)).flatMap((line) => {
    const [, , , flags, , , , ...path] = line.trim().split(/\s+/);
    return flags === '00010000' && path[0]?.startsWith('/') === true ? [path.join(' ')] : [];
  });
  for (const path of listening) {
    const found = await statIfThere(`${process}/root${path}`);
    if (found?.ino === socket.ino && found.dev === socket.dev) return true;
  }
  return false;
}

/** Undefined when the process has ended or may not be inspected. */
async function namespacesOf(process: string): Promise<string | undefined> {
  try {
    return `${await readlink(`${process}/ns/net`)} ${await readlink(`${process}/ns/mnt`)}`;
  } catch (error) {
    unlessHidden(error, undefined);
    return undefined;
  }
}

interface Route {
  readonly device: string;
  readonly block: AddressBlock;
  readonly gateway: AddressBlock | undefined;
}

const isEngineBridge = ({ device }: Route): boolean => engineBridge.test(device);

/** A gateway need not be inside any route: a default route may name a gateway that is simply on the link. */
function reservationsOf({ device, block, gateway }: Route): Reservation[] {
  const leadsEverywhere = block.prefix < shortestPrefix[block.version];
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

const linesOf = (text: string): string[] => text.split('\n');

async function processes(): Promise<string[]> {
  return await readdir('/proc').catch((error: unknown) => unlessHidden(error, []));
}

/** A file of procfs; empty when it is absent or unreadable, or the process has ended. */
async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'latin1').catch((error: unknown) => unlessHidden(error, ''));
}

async function statIfThere(path: string): Promise<Identity | undefined> {
  return await stat(path).catch((error: unknown) => unlessHidden(error, undefined));
}

/** Error codes for a missing file, a process that has ended, or a process of another user. */
const hidden = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM']);

/** @throws any other error: the host's addresses are then unknown. */
function unlessHidden<T>(error: unknown, absent: T): T {
  if (hidden.has(codeOf(error) ?? '')) return absent;
  throw error;
}
