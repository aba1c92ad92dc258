import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * Which addresses a subnet has.
 *
 * @param cidr - an address and the length of its prefix: `10.0.0.0/24`.
 * @returns undefined when it is no subnet.
 */
export function addressesOf(cidr: string): ((address: string) => boolean) | undefined {
  const [address = '', length = '', ...more] = cidr.split('/');
  const longest = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > longest)
    return undefined;
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(length), familyOf(address));
  return (candidate) => isIP(candidate) !== 0 && subnet.check(candidate, familyOf(candidate));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
