import type { AddressBlock } from '../../common/index.js';
import { addressBlock, overlap } from '../../common/index.js';

/**
 * Addresses with a fixed meaning on every host. A bridge with them would take over the host's loopback, its neighbour
 * discovery or its metadata service (169.254.169.254). The engine accepts them (20.10 to 28.5), so the driver refuses.
 */
const specialPurposes: Readonly<Record<string, string>> = {
  '0.0.0.0/8': 'unspecified',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '224.0.0.0/4': 'multicast',
  '::/128': 'unspecified',
  '::1/128': 'loopback',
  '::ffff:0:0/96': 'IPv4-mapped',
  'fe80::/10': 'link-local',
  'ff00::/8': 'multicast',
};

const blocks = Object.entries(specialPurposes).flatMap(([cidr, kind]) => {
  const block = addressBlock(cidr);
  return block === undefined ? [] : [{ block, kind }];
});

/** The special purpose of addresses in a subnet, such as `loopback`; undefined when it has no such addresses. */
export function specialPurposeOf(subnet: AddressBlock): string | undefined {
  return blocks.find(({ block }) => overlap(block, subnet))?.kind;
}

/** Whether an address is IPv6 link-local, hence valid on every link: a gateway may have one outside its subnet. */
export function isLinkLocalGateway(address: string, subnet: AddressBlock): boolean {
  const linkLocal = addressBlock('fe80::/10');
  return subnet.version === 6 && linkLocal?.contains(address) === true;
}
