import { describe, expect, it } from '@jest/globals';
import type { NetworkRef } from '../../../lib/engine/index.js';
import { networkRef } from '../../../lib/engine/index.js';
import { inGatewayOrder } from '../../../lib/network/gateway-order.js';
import { networkPlan } from '../../../lib/network/network-plan.js';

const plan = networkPlan(
  ['a', 'b', 'c'].map((id) => ({ id: `port in ${id}`, address: null, network: { id } })),
  'node-1',
);
const connected = (priorities: Readonly<Record<string, number>>): ReadonlyMap<NetworkRef, number> =>
  new Map(Object.entries(priorities).map(([id, priority]) => [networkRef(`nova-${id}`), priority]));
const priorities = (ordered: ReturnType<typeof inGatewayOrder>): (number | undefined)[] =>
  ordered.map(({ endpoint }) => endpoint.GwPriority);

describe('the priorities of gateways', () => {
  it('fall from port to port', () => {
    expect(priorities(inGatewayOrder(plan))).toEqual([0, -1, -2]);
  });

  it.each([
    ['an attached port comes last', { x: 0, y: -1 }, [-2, -3, -4]],
    ['a connected port keeps its place, and the next follows it', { a: -3 }, [-3, -4, -5]],
    ['a port before all connected ones gets the first place', { b: -1, c: -2 }, [0, -1, -2]],
    ['a port comes after those before it, if they have fallen back', { a: 0, b: -5 }, [0, -5, -6]],
  ])('%s', (_what, before, expected) => {
    expect(priorities(inGatewayOrder(plan, connected(before)))).toEqual(expected);
  });
});
