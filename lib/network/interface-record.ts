import { z } from 'zod';
import type { ContainerEndpoint, ContainerInspect, EndpointSpecification } from '../engine/index.js';
import { interfaceOption, label, parsedJson } from '../common/index.js';
import type { PlannedInterface } from './network-plan.js';

/** What was requested for an interface of a container. Engines repeat only some of it, and none after API 1.51. */
const requestedInterface = z.object({
  /** Neutron's id of the port. */
  port: z.string(),
  /** Undefined if the engine chooses it. */
  mac: z.string().optional(),
  /** The fixed addresses. The engine chooses the others. */
  addresses: z.array(z.string()),
});

export type RequestedInterface = z.output<typeof requestedInterface>;

/** The interfaces of a new container, by the name of their network. */
const requestedInterfaces = z.record(z.string(), requestedInterface);

/** The label that records the interfaces with which a container is created. */
export function interfacesLabel(plan: readonly PlannedInterface[]): Record<string, string> {
  const requested = plan.map((planned) => [planned.name, requestOf(planned)]);
  return { [label.interfaces]: JSON.stringify(Object.fromEntries(requested)) };
}

/**
 * The option of an endpoint that records an interface of an existing container, whose labels cannot change. The engine
 * keeps it with the connection, through stops and restarts, and connection and record come and go in one request. A volume of the state
 * store would take a second request, and a crash in between would leave it wrong.
 */
export function interfaceOptions(
  planned: PlannedInterface,
): NonNullable<EndpointSpecification['DriverOpts']> {
  return { [interfaceOption]: JSON.stringify(requestOf(planned)) };
}

function requestOf({ vif, mac, endpoint }: PlannedInterface): RequestedInterface {
  return { port: vif.id, mac, addresses: Object.values(endpoint.IPAMConfig ?? {}) };
}

/**
 * Reads what was requested for the interface of a container in a network: what its endpoint records, else what its
 * container records.
 *
 * @param network - the engine's name of the network.
 * @returns undefined if the driver did not record it, as older versions did not, or if there is no such interface.
 */
export function recordedInterface(
  { Config: { Labels: labels }, NetworkSettings: { Networks: connections } }: RecordedContainer,
  network: string,
): RequestedInterface | undefined {
  const endpoint = connections[network];
  if (endpoint === undefined) return undefined;
  const attached = requestedInterface.safeParse(parsedJson(endpoint.DriverOpts[interfaceOption]));
  if (attached.success) return attached.data;
  const created = requestedInterfaces.safeParse(parsedJson(labels[label.interfaces])).data?.[network];
  // An older version of the driver may have replaced the interface since, without a record.
  return created !== undefined && isSameSet(created.addresses, requestedAddresses(endpoint))
    ? created
    : undefined;
}

/** The fields of a container that tell what was requested for its interfaces. */
export interface RecordedContainer {
  readonly Config: Pick<ContainerInspect['Config'], 'Labels'>;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, Pick<ContainerEndpoint, 'IPAMConfig' | 'DriverOpts'>>>;
  };
}

/** The fixed addresses of an endpoint, as the engine shows them. */
export function requestedAddresses({ IPAMConfig: asked }: Pick<ContainerEndpoint, 'IPAMConfig'>): string[] {
  return [asked?.IPv4Address, asked?.IPv6Address].filter((address) => address !== undefined);
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}
