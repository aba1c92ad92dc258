import { VirtualInterfaceMacAddressException } from '../../interfaces/index.js';
import type { ContainerSpecification, EndpointSpecification, EngineVersion } from '../engine/index.js';
import { isAtLeast } from '../engine/index.js';
import type { PlannedInterface } from './network-plan.js';

/**
 * Whether an engine takes a MAC address for each of a container's endpoints, or one for the container (before API
 * 1.44).
 */
export type MacAddressing = 'endpoint' | 'container';

/** How an engine takes MAC addresses. */
export function macAddressing({ apiVersion }: EngineVersion): MacAddressing {
  return isAtLeast(apiVersion, '1.44') ? 'endpoint' : 'container';
}

/**
 * The endpoint of one interface, with its MAC address where the engine takes it there.
 *
 * @param position - of the interface in the instance: the first one's address is the container's on engines that know
 * no other.
 * @throws VirtualInterfaceMacAddressException when the engine would silently make up an address of its own.
 */
export function endpoint(
  planned: PlannedInterface,
  position: number,
  addressing: MacAddressing,
): EndpointSpecification {
  if (planned.mac === undefined) return planned.endpoint;
  if (addressing === 'endpoint') return { ...planned.endpoint, MacAddress: planned.mac };
  if (position > 0)
    throw new VirtualInterfaceMacAddressException(
      `Port ${planned.vif.id} is not the instance's first and has a MAC address (${planned.mac}): ` +
        'an engine can set it since API 1.44 only (Docker Engine 25)',
    );
  return planned.endpoint;
}

/** The MAC address of the container as a whole, for engines that know no other. */
export function containerMacAddress(
  plan: readonly PlannedInterface[],
  addressing: MacAddressing,
): Pick<ContainerSpecification, 'MacAddress'> {
  const mac = plan[0]?.mac;
  return addressing === 'container' && mac !== undefined ? { MacAddress: mac } : {};
}
