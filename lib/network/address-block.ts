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

/** Parses a single address; undefined when it is malformed. */
export function addressAlone(address: string): AddressBlock | undefined {
  return addressBlock(`${address}/${bits[isIPv6(address) ? 6 : 4]}`);
}

/** Whether two blocks share an address; one then contains the other. */
export function overlap(one: AddressBlock, other: AddressBlock): boolean {
  return one.contains(other.address) || other.contains(one.address);
}

const bits = { 4: 32, 6: 128 } as const;
const family = { 4: 'ipv4', 6: 'ipv6' } as const;
