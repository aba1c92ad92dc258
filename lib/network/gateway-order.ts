import type { ContainerInspect, NetworkRef } from '../engine/index.js';
import { networksOf } from './connections.js';
import type { PlannedInterface } from './network-plan.js';

/**
 * Gives each interface of a plan a lower priority than all before it. An engine sends an instance's default route through
 * the interface of the highest priority among those that have a gateway (since API 1.48; before, the first by the name
 * of its network).
 *
 * @param staying - the priorities of the instance's interfaces that stay, by network. Those in the plan keep theirs. The
 * others outrank the plan, because an attached interface comes last.
 */
export function inGatewayOrder(
  plan: readonly PlannedInterface[],
  staying: ReadonlyMap<NetworkRef, number> = new Map(),
): PlannedInterface[] {
  const planned = new Set(plan.map(({ name }) => name));
  const others = [...staying].filter(([name]) => !planned.has(name)).map(([, priority]) => priority);
  let next = Math.min(1, ...others) - 1;
  return plan.map((each) => {
    const priority = staying.get(each.name) ?? next;
    next = Math.min(next, priority - 1);
    return { ...each, endpoint: { ...each.endpoint, GwPriority: priority } };
  });
}

/** The priorities of a container's interfaces in the driver's networks. */
export function gatewayPriorities(container: ContainerInspect): ReadonlyMap<NetworkRef, number> {
  const { Networks: connections } = container.NetworkSettings;
  const connected = networksOf(container).flatMap((name) => {
    const endpoint = connections[name];
    return endpoint === undefined ? [] : [[name, endpoint.GwPriority ?? 0] as const];
  });
  return new Map(connected);
}
