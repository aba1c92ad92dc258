import { describe, expect, it } from '@jest/globals';
import { label } from '../../../../lib/common/index.js';
import { rescuedNetworks } from '../../../../lib/instances/index.js';
import { schemas } from '../../../../lib/verbs/index.js';

describe('the interfaces that a rescue stores', () => {
  const isolated = { cidr: '10.0.0.0/24', gateway: { address: null }, dns: null, ips: null, routes: null };
  const accepted = {
    'of a subnet without a gateway': {
      id: 'port',
      address: 'fa:16:3e:00:00:01',
      network: { id: 'net', subnets: [isolated], meta: null },
    },
    'of a network without subnets': { id: 'port', address: null, network: { id: 'net', subnets: null } },
    'without an address': { id: 'port', network: { id: 'net' } },
  };

  it.each(Object.entries(accepted))('can be read by the unrescue: an interface %s', (_, port) => {
    expect(schemas.networkInfo.safeParse([port]).success).toBe(true);
    const labels = { [label.rescuedNetworks]: JSON.stringify([port]) };
    expect(rescuedNetworks({ Config: { Labels: labels } })).toEqual([port]);
  });
});
