import { VirtualInterfaceMacAddressException } from '../../interfaces/index.js';
import type { ContainerSpecification, EndpointSpecification, EngineVersion } from '../engine/index.js';
import { isAtLeast } from '../engine/index.js';
import type { PlannedInterface } from './network-plan.js';

/** Where the engine accepts MAC addresses: for each endpoint, or one for the container (before API 1.44). */
export type MacAddressing = 'endpoint' | 'container';

/** Where an engine of this version accepts MAC addresses. */
export function macAddressing({ apiVersion }: EngineVersion): MacAddressing {
  return isAtLeast(apiVersion, '1.44') ? 'endpoint' : 'container';
}

/**
 * The endpoint of one interface, with its MAC address if the engine accepts one per endpoint.
 *
 * @param position - the interface's index in the instance. Before API 1.44 the first interface gets the container's MAC
 * address.
 * @throws VirtualInterfaceMacAddressException when the engine would silently generate another address.
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

/** The MAC address of the container, for engines before API 1.44. */
export function containerMacAddress(
  plan: readonly PlannedInterface[],
  addressing: MacAddressing,
): Pick<ContainerSpecification, 'MacAddress'> {
  const mac = plan[0]?.mac;
  return addressing === 'container' && mac !== undefined ? { MacAddress: mac } : {};
}
