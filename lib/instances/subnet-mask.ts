import { isIPv4, isIPv6 } from 'node:net';
import { InvalidInput } from '../../interfaces/index.js';

/**
 * The address and the mask of a subnet.
 *
 * @param cidr - such as `10.0.0.0/24` or `2001:db8::/64`.
 * @throws InvalidInput when it is malformed.
 */
export function subnetMask(cidr: string): { network: string; netmask: string } {
  const [address = '', prefix = ''] = cidr.split('/');
  const length = Number(prefix);
  const bits = isIPv4(address) ? 32 : 128;
  if (!(isIPv4(address) || isIPv6(address)) || !/^\d+$/.test(prefix) || length > bits)
    throw new InvalidInput(`${JSON.stringify(cidr)} is not a subnet`);
  const mask = ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
  const [read, write] = bits === 32 ? [fromIPv4, toIPv4] : [fromIPv6, toIPv6];
  return { network: write(read(address) & mask), netmask: write(mask) };
}

function fromIPv4(address: string): bigint {
  return address.split('.').reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function toIPv4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 0xffn)).join('.');
}

function fromIPv6(address: string): bigint {
  // A URL has the canonical form of the address: at most one `::`, no embedded IPv4 address.
  const [head = '', tail] = canonical(address).split('::');
  const groupsOf = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const gap = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...gap, ...after].reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
}

function toIPv6(number: bigint): string {
  return canonical((number.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join(':'));
}

function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
