import { BlockList, isIP, isIPv6 } from 'node:net';

/** A subnet, or a single address. */
export interface AddressBlock {
  /** As it was given: `10.0.0.0/24`. */
  readonly cidr: string;
  readonly version: 4 | 6;
  /** One of its addresses. */
  readonly address: string;
  /** The number of leading bits that all its addresses share. */
  readonly prefix: number;
  /** Whether an address is in it; false for text that is no address. */
  contains(address: string): boolean;
}

/**
 * Reads a subnet.
 *
 * @param cidr - an address and the length of its prefix: `10.0.0.0/24`.
 * @returns undefined when it is malformed.
 */
export function addressBlock(cidr: string): AddressBlock | undefined {
  const [address = '', length = '', ...more] = cidr.split('/');
  const version = isIPv6(address) ? 6 : 4;
  const prefix = Number(length);
  // An address of a zone (`fe80::1%eth0`) counts as one to Node, and is none of a subnet.
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

/** Reads a single address; undefined when it is malformed. */
export function addressAlone(address: string): AddressBlock | undefined {
  return addressBlock(`${address}/${bits[isIPv6(address) ? 6 : 4]}`);
}

/** Whether two blocks have an address in common: then one lies within the other. */
export function overlap(one: AddressBlock, other: AddressBlock): boolean {
  return one.contains(other.address) || other.contains(one.address);
}

const bits = { 4: 32, 6: 128 } as const;
const family = { 4: 'ipv4', 6: 'ipv6' } as const;
