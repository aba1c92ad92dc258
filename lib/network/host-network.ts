import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../streams/index.js';
import type { AddressBlock } from './address-block.js';
import { addressAlone, addressBlock } from './address-block.js';

/** A block of addresses that something on the host has or uses. */
export interface Reservation {
  readonly block: AddressBlock;
  /** For messages, as a noun phrase. */
  readonly what: string;
}

/** Routes that lead everywhere, or do so as a pair (`0.0.0.0/1` and `128.0.0.0/1`): every subnet is within them. */
const shortestPrefix = { 4: 2, 6: 4 } as const;

/** A route without traffic, from `linux/route.h`: `unreachable`, `blackhole`, `prohibit`. */
const rejects = 0x02_00;

/**
 * The bridges of the engine's own networks. The engine itself refuses what overlaps one of them; and that of a network
 * which another driver is making just now may be there before the engine tells of the network.
 */
const engineBridge = /^br-[0-9a-f]{12}$/;

/**
 * The addresses and routes of a network namespace.
 *
 * @param folder - where the kernel shows it: `/proc/self/net`, or that of another process.
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
 * The folder that shows the network namespace of whoever listens at a unix socket. A process shows it when the socket
 * is in that namespace, and is the very file that the process sees at its path: the containers of instances can bind
 * the same path, and not the same file.
 *
 * @returns undefined when no process that this one may look at shows it: the engine is in another container, belongs to
 * another user, or is on another machine behind a forwarded socket.
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

/** Whether somebody listens at a socket in the network namespace of a process. */
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

/** Undefined when the process has ended, or may not be looked at. */
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

/** A gateway can lie outside of all routes: a default route may name one that is simply on the link. */
function reservationsOf({ device, block, gateway }: Route): Reservation[] {
  const leadsEverywhere = block.prefix < shortestPrefix[block.version];
  return [
    ...(leadsEverywhere ? [] : [{ block, what: `the route ${block.cidr} of the host (${device})` }]),
    ...(gateway === undefined
      ? []
      : [{ block: gateway, what: `the gateway ${gateway.address} of the host (${device})` }]),
  ];
}

/** A line of `/proc/net/route`: the numbers are those of the machine's memory. */
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

/** The IPv4 addresses of another namespace; IPv6 ones are among its routes. */
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

/** What the kernel tells; nothing where it does not, or the process has ended. */
async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'latin1').catch((error: unknown) => unlessHidden(error, ''));
}

async function statIfThere(path: string): Promise<Identity | undefined> {
  return await stat(path).catch((error: unknown) => unlessHidden(error, undefined));
}

/** What the kernel answers about a file that is not there, a process that has ended, or one of another user. */
const hidden = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM']);

/** @throws the error where it says nothing of the file: then nothing is known of the host. */
function unlessHidden<T>(error: unknown, absent: T): T {
  if (hidden.has(codeOf(error) ?? '')) return absent;
  throw error;
}
