import { BlockList, isIP, isIPv6 } from 'node:net';

/** A subnet or a single address. */
export interface AddressBlock {
  /** The text that was parsed: `10.0.0.0/24`. */
  readonly cidr: string;
  readonly version: 4 | 6;
  /** An address in the block. */
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
  /** Whether the block contains an address; false for malformed text. */
  contains(address: string): boolean;
}

/**
 * Parses a subnet.
 *
 * @param cidr - an address and a prefix length: `10.0.0.0/24`.
 * @returns undefined when `cidr` is malformed.
 */
export function addressBlock(cidr: string): AddressBlock | undefined {
  const [address = '', length = '', ...more] = cidr.split('/');
  const version = isIPv6(address) ? 6 : 4;
  const prefix = Number(length);
  // Node accepts an address with a zone (`fe80::1%eth0`); a subnet must not have one.
  const isAddress = isIP(address) !== 0 && !address.includes('%');
  const isLength = /^(0|[1-9]\d{0,2})$/.test(length) && prefix <= bits[version];
  if (!isAddress || !isLength || more.length > 0) return undefined;
  const list = new BlockList();
  list.addSubnet(address, prefix, family[version]);
  return {
    cidr,
    version,
    address,
    prefix,
    contains: (candidate) => isIP(candidate) === version && list.check(candidate, family[version]),
  };
}

/**
 * Parses a single address; undefined when it is malformed. An IPv4-mapped one (`::ffff:10.0.0.5`) becomes the IPv4
 * address, because that is where its traffic goes.
 */
export function addressAlone(address: string): AddressBlock | undefined {
  const block = addressBlock(`${address}/${bits[isIPv6(address) ? 6 : 4]}`);
  if (block?.version !== 6) return block;
  const number = numberOf(block.address, 6);
  return number >> 32n === ipv4Mapped ? addressBlock(`${written(number & ipv4Bits, 4)}/32`) : block;
}

/** The first address of a block: `10.0.0.0` for `10.0.0.5/24`. */
export function networkAddress({ address, prefix, version }: AddressBlock): string {
  return written(numberOf(address, version) & maskOf(prefix, version), version);
}

/** The netmask of a block: `255.255.255.0` for `10.0.0.0/24`, `ffff:ffff:ffff:ffff::` for `fd00::/64`. */
export function netmask({ prefix, version }: AddressBlock): string {
  return written(maskOf(prefix, version), version);
}

/** Whether two blocks share an address; one then contains the other. */
export function overlap(one: AddressBlock, other: AddressBlock): boolean {
  return one.contains(other.address) || other.contains(one.address);
}

const bits = { 4: 32, 6: 128 } as const;
/** The first 96 bits of an IPv4-mapped IPv6 address. */
const ipv4Mapped = 0xffffn;
const ipv4Bits = 0xffff_ffffn;
const family = { 4: 'ipv4', 6: 'ipv6' } as const;

function maskOf(prefix: number, version: 4 | 6): bigint {
  return ((1n << BigInt(prefix)) - 1n) << BigInt(bits[version] - prefix);
}

function numberOf(address: string, version: 4 | 6): bigint {
  if (version === 4) return address.split('.').reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
  // The canonical form has at most one `::` and no embedded IPv4 address.
  const [head = '', tail = ''] = canonical(address).split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const gap = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...gap, ...after].reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
}

function written(number: bigint, version: 4 | 6): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 0xffn)).join('.');
  return canonical((number.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join(':'));
}

const groupsOf = (text: string): string[] => text.split(':').filter((group) => group !== '');

/** A URL has the canonical form of an IPv6 address. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
