import type { NetworkInfo, VIF } from '../../interfaces/index.js';
import { InterfaceAttachFailed, InterfaceDetachFailed } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine, NetworkPart, NetworkRef } from '../engine/index.js';
import type { BridgeNetworksOptions, ReadyNetwork } from './bridge-networks.js';
import { BridgeNetworks } from './bridge-networks.js';
import type { ConnectedContainer } from './connections.js';
import {
  Connections,
  interfacesToConnect,
  isOfPort,
  networksOf,
  validateAddressesFree,
} from './connections.js';
import { interfaceFailure } from './exceptions.js';
import { gatewayPriorities, inGatewayOrder } from './gateway-order.js';
import type { MacAddressing } from './mac-address.js';
import { containerMacAddress, endpoint, macAddressing } from './mac-address.js';
import type { PlannedInterface } from './network-plan.js';
import { networkNames, networkPlan } from './network-plan.js';
import { Reconnection } from './reconnection.js';
import { interfacesLabel } from './interface-record.js';

/** The networks of an instance that is being created, with a reference that prevents their removal. */
export interface Wiring {
  readonly plan: readonly PlannedInterface[];
  readonly addressing: MacAddressing;
}

/** Nova passes None when it does not know the interfaces. */
type MaybeNetworkInfo = NetworkInfo | null | undefined;

/** Creates, connects and removes the networks of one host's instances. */
export class Networks {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #bridges: BridgeNetworks;
  readonly #connections: Connections;

  constructor(options: BridgeNetworksOptions) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#bridges = new BridgeNetworks(options);
    this.#connections = new Connections({ ...options, bridges: this.#bridges });
  }

  /**
   * Creates the missing networks of an instance and holds a reference to all until {@link keep} or {@link abandon}.
   *
   * @throws VirtualInterfaceCreateException, FixedIpInvalidOnHost when no engine can make an interface.
   * @throws ComputeResourcesUnavailable when a network conflicts with this host, see {@link BridgeNetworks.makeAll}.
   * @throws VirtualInterfaceMacAddressException when the engine cannot set an interface's MAC address.
   */
  async prepare(network_info: MaybeNetworkInfo, signal?: AbortSignal): Promise<Wiring> {
    const plan = inGatewayOrder(networkPlan(network_info, this.#host));
    if (plan.length === 0) return { plan, addressing: 'endpoint' };
    const wiring: Wiring = { plan, addressing: macAddressing(await this.#engine.negotiate({ signal })) };
    plan.forEach((planned, position) => endpoint(planned, position, wiring.addressing));
    this.#bridges.hold(namesOf(plan));
    try {
      await this.#bridges.makeAll(plan, signal);
      return wiring;
    } catch (error) {
      await this.#bridges.abandon(namesOf(plan));
      throw error;
    }
  }

  /** Releases the references: the container is now in its networks, which prevents their removal. */
  keep({ plan }: Wiring): void {
    this.#bridges.release(namesOf(plan));
  }

  /** Releases the references and removes the networks that are unused. A failure is only logged. */
  async abandon({ plan }: Wiring): Promise<void> {
    await this.#bridges.abandon(namesOf(plan));
  }

  /** The network part of the container's specification. Before API 1.44 the engine accepts only the first network. */
  specification({ plan, addressing }: Wiring): NetworkPart {
    const [first] = plan;
    const labels = interfacesLabel(plan);
    if (first === undefined) return { Labels: labels, HostConfig: { NetworkMode: 'none' } };
    const atOnce = addressing === 'endpoint' ? plan : [first];
    return {
      Labels: labels,
      ...containerMacAddress(plan, addressing),
      HostConfig: { NetworkMode: first.name, Dns: [...new Set(plan.flatMap(({ dns }) => dns))] },
      NetworkingConfig: {
        EndpointsConfig: Object.fromEntries(
          atOnce.map((planned, position) => [planned.name, endpoint(planned, position, addressing)]),
        ),
      },
    };
  }

  /** Connects a new container to the networks that {@link specification} had to omit. */
  async connectFurther(container: ContainerId, { plan, addressing }: Wiring): Promise<void> {
    if (addressing === 'endpoint') return;
    for (const planned of plan.slice(1)) await this.#connections.connectNew(container, planned);
  }

  /**
   * Connects a container to those networks that it is not in yet, and creates the missing ones. On failure it restores
   * the container's networks and removes the networks that it created.
   *
   * @throws VirtualInterfaceCreateException, FixedIpInvalidOnHost when no engine can make an interface, or when the
   * container runs and another container has its address.
   * @throws ComputeResourcesUnavailable when a network conflicts with this host, see {@link BridgeNetworks.makeAll}.
   */
  async plug(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    signal?: AbortSignal,
  ): Promise<void> {
    const reconnection = await this.#prepareChange(container, network_info, [], signal);
    try {
      await reconnection.connect();
    } catch (error) {
      await reconnection.abandon();
      throw error;
    }
    await reconnection.keep();
  }

  /**
   * Prepares that the interfaces of a container become those of `network_info`: all others will be disconnected, these
   * connected. Without `network_info` the interfaces will stay as they are. It validates the interfaces and creates the
   * missing networks; the container stays unchanged until {@link Reconnection.connect}.
   *
   * @throws what {@link plug} throws.
   */
  async prepareReconnection(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    signal?: AbortSignal,
  ): Promise<Reconnection> {
    const wanted = networkNames(network_info);
    const isUnknown = network_info === null || network_info === undefined;
    const toDisconnect = isUnknown ? [] : networksOf(container).filter((name) => !wanted.includes(name));
    return await this.#prepareChange(container, network_info, toDisconnect, signal);
  }

  async #prepareChange(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    toDisconnect: readonly NetworkRef[],
    signal: AbortSignal | undefined,
  ): Promise<Reconnection> {
    const plan = networkPlan(network_info, this.#host);
    this.#bridges.hold(namesOf(plan));
    try {
      const ready = await this.#bridges.makeAll(plan, signal);
      const toConnect = inOrderOfGateways(container, plan, toDisconnect, ready);
      validateAddressesFree(container, toConnect, ready);
      const change = { container, plan, toConnect, toDisconnect, signal };
      return new Reconnection(this.#bridges, this.#connections, change);
    } catch (error) {
      await this.#bridges.abandon(namesOf(plan));
      throw error;
    }
  }

  /**
   * Disconnects a container, if there is one, from its networks, and removes the networks that are unused. Idempotent.
   */
  async unplug(
    container: ConnectedContainer | undefined,
    network_info: MaybeNetworkInfo,
    signal?: AbortSignal,
  ): Promise<void> {
    const names = networkNames(network_info);
    if (container !== undefined) await this.#connections.disconnect(container, names, signal);
    await this.#bridges.removeUnused(names, signal);
  }

  /**
   * Removes the networks of an instance whose containers have been removed, unless other containers use them.
   *
   * @param containers - the containers as they were before their removal: networks that only they list are removed too.
   */
  async release(containers: readonly ConnectedContainer[], network_info: MaybeNetworkInfo): Promise<void> {
    await this.#bridges.removeUnused([...containers.flatMap(networksOf), ...networkNames(network_info)]);
  }

  /** Disconnects containers, which stay, from all networks of the driver, and removes the networks that are unused. */
  async disconnect(containers: readonly ConnectedContainer[], network_info: MaybeNetworkInfo): Promise<void> {
    for (const container of containers) await this.#connections.disconnect(container, networksOf(container));
    await this.release(containers, network_info);
  }

  /**
   * Adds an interface to a container. Idempotent.
   *
   * @throws InterfaceAttachFailed when the engine cannot; the attempt is rolled back.
   */
  async attach(container: ContainerInspect, vif: VIF, signal?: AbortSignal): Promise<void> {
    const [name] = networkNames([vif]);
    const connection = name === undefined ? undefined : container.NetworkSettings.Networks[name];
    if (name !== undefined && connection !== undefined && !isOfPort(container, name, vif))
      throw new InterfaceAttachFailed(
        `The instance has an interface in network ${vif.network.id} already, and port ${vif.id} is another one: ` +
          'an engine connects a container once to a network',
      );
    try {
      await this.plug(container, [vif], signal);
    } catch (error) {
      throw interfaceFailure(error, InterfaceAttachFailed, `Port ${vif.id} cannot be attached`);
    }
  }

  /**
   * Removes an interface from a container, and its network if that is unused. Idempotent.
   *
   * @throws InterfaceDetachFailed when the engine cannot.
   */
  async detach(container: ContainerInspect, vif: VIF, signal?: AbortSignal): Promise<void> {
    const names = networkNames([vif]).filter((name) => {
      const connection = container.NetworkSettings.Networks[name];
      return connection === undefined || isOfPort(container, name, vif);
    });
    try {
      await this.unplug(container, names.length > 0 ? [vif] : [], signal);
    } catch (error) {
      throw interfaceFailure(error, InterfaceDetachFailed, `Port ${vif.id} cannot be detached`);
    }
  }

  /** Removes all networks of this host that no container is in, see {@link BridgeNetworks.removeLeftovers}. */
  async removeLeftovers(signal?: AbortSignal): Promise<NetworkRef[]> {
    return await this.#bridges.removeLeftovers(signal);
  }
}

/** The interfaces of a plan that a container lacks, in the plan's order of gateways. */
function inOrderOfGateways(
  container: ContainerInspect,
  plan: readonly PlannedInterface[],
  toDisconnect: readonly NetworkRef[],
  ready: ReadonlyMap<NetworkRef, ReadyNetwork>,
): PlannedInterface[] {
  const lacking = namesOf(interfacesToConnect(container, plan, ready));
  const staying = [...gatewayPriorities(container)].filter(
    ([name]) => !lacking.includes(name) && !toDisconnect.includes(name),
  );
  return inGatewayOrder(plan, new Map(staying)).filter(({ name }) => lacking.includes(name));
}

function namesOf(plan: readonly PlannedInterface[]): NetworkRef[] {
  return plan.map(({ name }) => name);
}
