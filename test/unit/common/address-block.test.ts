import { describe, expect, it } from '@jest/globals';
import {
  addressAlone,
  addressBlock,
  netmask,
  networkAddress,
  overlap,
} from '../../../lib/common/address-block.js';

const block = (cidr: string): NonNullable<ReturnType<typeof addressBlock>> => {
  const found = addressBlock(cidr);
  if (found === undefined) throw new Error(`${cidr} is a subnet`);
  return found;
};

describe('a subnet', () => {
  it.each([
    ['10.0.0.5/24', '10.0.0.0', '255.255.255.0'],
    ['192.168.31.1/20', '192.168.16.0', '255.255.240.0'],
    ['203.0.113.9/32', '203.0.113.9', '255.255.255.255'],
    ['203.0.113.9/0', '0.0.0.0', '0.0.0.0'],
    ['2001:db8:1:2ff::5/56', '2001:db8:1:200::', 'ffff:ffff:ffff:ff00::'],
    ['2001:db8::5/128', '2001:db8::5', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::ffff:10.0.0.5/120', '::ffff:a00:0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00'],
    ['fd00::1/0', '::', '::'],
  ])('%s begins at %s and has the netmask %s', (cidr, network, mask) => {
    expect(networkAddress(block(cidr))).toBe(network);
    expect(netmask(block(cidr))).toBe(mask);
  });

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/024',
    '10.0.0.0/24/24',
    ' 10.0.0.0/24',
    '0x0a.0.0.0/24',
    'fd00::/129',
    'fd00::%eth0/64',
    'glance/24',
  ])('is not %p', (cidr) => {
    expect(addressBlock(cidr)).toBeUndefined();
  });

  it('contains the addresses of its own version that begin with its prefix', () => {
    expect(block('10.0.0.0/24').contains('10.0.0.255')).toBe(true);
    expect(block('10.0.0.0/24').contains('10.0.1.0')).toBe(false);
    expect(block('::ffff:0:0/96').contains('10.0.0.1')).toBe(false);
    expect(block('10.0.0.0/24').contains('glance')).toBe(false);
  });

  it('overlaps the subnets that it contains, and those that contain it', () => {
    expect(overlap(block('10.0.0.0/8'), block('10.4.7.0/24'))).toBe(true);
    expect(overlap(block('10.4.7.0/24'), block('10.0.0.0/8'))).toBe(true);
    expect(overlap(block('10.4.7.0/24'), block('10.4.8.0/24'))).toBe(false);
    expect(overlap(block('0.0.0.0/0'), block('fd00::/64'))).toBe(false);
  });

  it('may be a single address', () => {
    expect(addressAlone('10.0.0.5')?.cidr).toBe('10.0.0.5/32');
    expect(addressAlone('fd00::5')?.cidr).toBe('fd00::5/128');
    expect(addressAlone('10.0.0.5:53')).toBeUndefined();
  });

  it.each(['::ffff:10.0.0.5', '::FFFF:a00:5', '0:0:0:0:0:ffff:10.0.0.5'])(
    'may be an IPv4-mapped address, which is compared as IPv4: %s',
    (address) => {
      const alone = addressAlone(address);
      expect(alone?.cidr).toBe('10.0.0.5/32');
      expect(alone !== undefined && overlap(alone, block('10.0.0.0/28'))).toBe(true);
    },
  );

  it('stays IPv6 when it is not mapped', () => {
    expect(addressAlone('::10.0.0.5')?.version).toBe(6);
    expect(addressAlone('64:ff9b::10.0.0.5')?.version).toBe(6);
  });
});
