import { describe, expect, it } from '@jest/globals';
import type { NetworkInfo, VIF } from '../../../interfaces/index.js';
import { networkPlan } from '../../../lib/network/network-plan.js';
import { TestNetwork } from '../../support/nova-objects.js';

const network = new TestNetwork();
const [vif] = network.port(7);
if (vif === undefined) throw new Error('a port has an interface');

const changed = (changes: Partial<VIF['network']>): NetworkInfo => [
  { ...vif, network: { ...vif.network, ...changes } },
];

describe("the plan of an instance's networks", () => {
  it("is a bridge network with the subnet, gateway and MTU of each of Nova's", () => {
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

  it('has no way out where Neutron names no gateway', () => {
    const [planned] = networkPlan(
      changed({ subnets: [{ cidr: '10.0.0.0/24', gateway: null, version: 4 }] }),
      'node-1',
    );
    expect(planned?.specification).toMatchObject({
      Internal: true,
      IPAM: { Config: [{ Subnet: '10.0.0.0/24' }] },
    });
  });

  it('holds one subnet of each IP version', () => {
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
});
