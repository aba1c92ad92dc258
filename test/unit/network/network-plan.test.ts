import { describe, expect, it } from '@jest/globals';
import type { NetworkInfo, VIF } from '../../../interfaces/index.js';
import { networkNames, networkPlan } from '../../../lib/network/network-plan.js';
import { TestNetwork } from '../../support/nova-objects.js';

const network = new TestNetwork();
const [vif] = network.port(7);
if (vif === undefined) throw new Error('a port has an interface');

const changed = (changes: Partial<VIF['network']>): NetworkInfo => [
  { ...vif, network: { ...vif.network, ...changes } },
];

describe('networkPlan', () => {
  it('plans a bridge network with the subnet, gateway and MTU of each Nova network', () => {
    const [planned] = networkPlan([vif], 'node-1');
    expect(planned?.specification).toEqual({
      Name: `nova-${network.id}`,
      Driver: 'bridge',
      CheckDuplicate: true,
      Internal: false,
      EnableIPv6: false,
      IPAM: { Driver: 'default', Config: [{ Subnet: network.cidr, Gateway: network.gateway }] },
      Options: { 'com.docker.network.driver.mtu': '1400' },
      Labels: { 'nova-docker-driver.host': 'node-1', 'nova-docker-driver.network.id': network.id },
    });
    expect(planned?.endpoint).toEqual({ IPAMConfig: { IPv4Address: network.address(7) } });
    expect(planned?.mac).toBe('fa:16:3e:00:00:07');
    expect(planned?.dns).toEqual([network.address(253)]);
  });

  it('plans a network without IPv4 where Neutron names only an IPv6 subnet', () => {
    const subnets = [{ cidr: 'fd77::/64', gateway: { address: 'fd77::1' }, version: 6 }];
    const [planned] = networkPlan(changed({ subnets }), 'node-1');
    expect(planned?.specification).toMatchObject({
      EnableIPv4: false,
      EnableIPv6: true,
      IPAM: { Config: [{ Subnet: 'fd77::/64', Gateway: 'fd77::1' }] },
    });
  });

  it('plans an internal network where Neutron names no gateway', () => {
    const [planned] = networkPlan(
      changed({ subnets: [{ cidr: '10.0.0.0/24', gateway: null, version: 4 }] }),
      'node-1',
    );
    expect(planned?.specification).toMatchObject({
      Internal: true,
      IPAM: { Config: [{ Subnet: '10.0.0.0/24' }] },
    });
  });

  it('plans an internal network where Nova sends a gateway without an address', () => {
    const sent = changed({ subnets: [{ cidr: '10.0.0.0/24', gateway: { address: null } }] });
    expect(networkPlan(sent, 'node-1')[0]?.specification.Internal).toBe(true);
  });

  it('accepts one subnet of each IP version', () => {
    const subnets = [
      { cidr: '10.0.0.0/24', version: 4, ips: [{ address: '10.0.0.5' }] },
      { cidr: 'fd00:1::/64', version: 6, ips: [{ address: 'fd00:1::5' }] },
    ];
    const [planned] = networkPlan(changed({ subnets }), 'node-1');
    expect(planned?.specification.EnableIPv6).toBe(true);
    expect(planned?.endpoint).toEqual({ IPAMConfig: { IPv4Address: '10.0.0.5', IPv6Address: 'fd00:1::5' } });
    expect(() =>
      networkPlan(changed({ subnets: [...subnets, { cidr: '10.0.1.0/24', version: 4 }] }), 'node-1'),
    ).toThrow(expect.objectContaining({ name: 'VirtualInterfaceCreateException' }));
  });

  it('refuses two fixed addresses in one subnet, and two interfaces in one network', () => {
    const subnets = [
      { cidr: '10.0.0.0/24', version: 4, ips: [{ address: '10.0.0.5' }, { address: '10.0.0.6' }] },
    ];
    expect(() => networkPlan(changed({ subnets }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'FixedIpInvalidOnHost' }),
    );
    expect(() => networkPlan([vif, vif], 'node-1')).toThrow(
      expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
    );
  });

  it.each(['../../evil', '', 'a b', 'x/y'])('refuses %p as the id of a network', (id) => {
    expect(() => networkPlan(changed({ id }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
    );
  });

  it.each([
    ['10.300.0.0/24', null],
    ['10.0.0.0', null],
    ['10.0.0.0/33', null],
    ['banana', null],
    ['10.0.0.0/24', '10.0.1.1'],
    ['10.0.0.0/24', 'banana'],
    ['fd00:1::/64', 'fd00:2::1'],
  ])('refuses the subnet %p with the gateway %p', (cidr, address) => {
    const gateway = address === null ? null : { address };
    expect(() => networkPlan(changed({ subnets: [{ cidr, gateway }] }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
    );
  });

  it.each([
    ['127.0.0.0/8', 'loopback'],
    ['127.9.9.0/24', 'loopback'],
    ['0.0.0.0/0', 'unspecified'],
    ['0.1.2.0/24', 'unspecified'],
    ['169.254.0.0/16', 'link-local'],
    ['169.254.169.0/24', 'link-local'],
    ['168.0.0.0/6', 'link-local'],
    ['224.0.0.0/4', 'multicast'],
    ['239.1.1.0/24', 'multicast'],
    ['::/0', 'unspecified'],
    ['::1/128', 'loopback'],
    ['fe80::/64', 'link-local'],
    ['fe80::/10', 'link-local'],
    ['ff02::/16', 'multicast'],
    ['::ffff:10.0.0.0/104', 'IPv4-mapped'],
    ['::ffff:0:0/96', 'IPv4-mapped'],
  ])('refuses the subnet %p, which no instance may capture: %s', (cidr, kind) => {
    expect(() => networkPlan(changed({ subnets: [{ cidr }] }), 'node-1')).toThrow(
      expect.objectContaining({
        name: 'VirtualInterfaceCreateException',
        message: expect.stringMatching(new RegExp(`${network.id}.*${kind}`)),
      }),
    );
  });

  it.each(['10.0.0.0/024', 'fd00::%eth0/64', ' 10.0.0.0/24', '10.0.0.0/24/24', '0x0a.0.0.0/24'])(
    'refuses the malformed subnet %p',
    (cidr) => {
      expect(() => networkPlan(changed({ subnets: [{ cidr }] }), 'node-1')).toThrow(
        expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
      );
    },
  );

  it('refuses a subnet of another IP version than its record says', () => {
    expect(() => networkPlan(changed({ subnets: [{ cidr: 'fd00:1::/64', version: 4 }] }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
    );
  });

  it('accepts the gateway fe80::1, which every bridge with IPv6 has, and lets the engine choose another', () => {
    const subnets = [{ cidr: 'fd00:1::/64', gateway: { address: 'fe80::1' } }];
    expect(networkPlan(changed({ subnets }), 'node-1')[0]?.specification).toMatchObject({
      Internal: false,
      IPAM: { Config: [{ Subnet: 'fd00:1::/64' }] },
    });
  });

  it('refuses a fixed address outside its subnet, which engines notice only when they connect', () => {
    const subnets = [{ cidr: '10.0.0.0/24', ips: [{ address: '10.0.1.5' }] }];
    expect(() => networkPlan(changed({ subnets }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'FixedIpInvalidOnHost' }),
    );
  });

  it.each(['banana', 'fa:16:3e:00:00', '01:00:5e:00:00:01', '00:00:00:00:00:00'])(
    'refuses the MAC address %p, which engines notice only when they start a container',
    (address) => {
      expect(() => networkPlan([{ ...vif, address }], 'node-1')).toThrow(
        expect.objectContaining({ name: 'VirtualInterfaceMacAddressException' }),
      );
    },
  );

  it.each([67, 65_536, 1400.5, -1])('refuses an MTU of %p', (mtu) => {
    expect(() => networkPlan(changed({ meta: { mtu } }), 'node-1')).toThrow(
      expect.objectContaining({ name: 'VirtualInterfaceCreateException' }),
    );
  });
});

describe('networkNames', () => {
  it('returns the valid names, whatever else is wrong with the interfaces', () => {
    const subnets = [
      { cidr: 'banana', ips: [{ address: '1' }, { address: '2' }] },
      { cidr: 'cherry', version: 4 },
    ];
    const names = networkNames([
      vif,
      ...changed({ subnets }),
      ...changed({ id: '../../evil' }),
      ...changed({ id: 'x'.repeat(300) }),
    ]);
    expect(names).toEqual([`nova-${network.id}`]);
  });

  it('returns no names without network information', () => {
    expect(networkNames(null)).toEqual([]);
    expect(networkNames(undefined)).toEqual([]);
  });
});
