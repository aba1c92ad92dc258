import type { Logger, NetworkInfo, VIF } from '../../interfaces/index.js';
import { InterfaceAttachFailed, InterfaceDetachFailed } from '../../interfaces/index.js';
import type { ContainerInspect, ContainerRef, Engine, NetworkPart, NetworkRef } from '../engine/index.js';
import { isNoSuchNetwork } from '../engine/index.js';
import type { BridgeNetworksOptions } from './bridge-networks.js';
import { BridgeNetworks } from './bridge-networks.js';
import type { ConnectedContainer } from './connections.js';
import { Connections, isOfPort, networksOf } from './connections.js';
import { interfaceFailure } from './exceptions.js';
import type { MacAddressing } from './mac-address.js';
import { containerMacAddress, endpoint, macAddressing } from './mac-address.js';
import type { PlannedInterface } from './network-plan.js';
import { networkNames, networkPlan } from './network-plan.js';

/** The networks of an instance about to be created, held so that nobody removes them meanwhile. */
export interface Wiring {
  readonly plan: readonly PlannedInterface[];
  readonly addressing: MacAddressing;
}

/** Nova passes None where it knows nothing of the interfaces. */
type MaybeNetworkInfo = NetworkInfo | null | undefined;

/** Makes, connects and removes the networks of one host's instances. */
export class Networks {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #logger: Logger;
  readonly #bridges: BridgeNetworks;
  readonly #connections: Connections;

  constructor(options: BridgeNetworksOptions) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#logger = options.logger;
    this.#bridges = new BridgeNetworks(options);
    this.#connections = new Connections({ ...options, bridges: this.#bridges });
  }

  /**
   * Makes the networks of an instance that are not there yet, and holds them until {@link keep} or {@link abandon}.
   *
   * @throws VirtualInterfaceCreateException, FixedIpInvalidOnHost for what no engine can give.
   * @throws ComputeResourcesUnavailable when something of this host is in the way of one, see
   * {@link BridgeNetworks.makeAll}.
   * @throws VirtualInterfaceMacAddressException when the engine cannot give an interface its address.
   */
  async prepare(network_info: MaybeNetworkInfo, signal?: AbortSignal): Promise<Wiring> {
    const plan = networkPlan(network_info, this.#host);
    if (plan.length === 0) return { plan, addressing: 'endpoint' };
    const wiring: Wiring = { plan, addressing: macAddressing(await this.#engine.negotiate({ signal })) };
    plan.forEach((planned, position) => endpoint(planned, position, wiring.addressing));
    this.#bridges.hold(namesOf(plan));
    try {
      await this.#bridges.makeAll(plan, signal);
      return wiring;
    } catch (error) {
      await this.#giveUp(namesOf(plan));
      throw error;
    }
  }

  /** The container is in its networks: they need no hold any more. */
  keep({ plan }: Wiring): void {
    this.#bridges.letGo(namesOf(plan));
  }

  /** The container came to nothing: its networks are removed unless others use them. */
  async abandon({ plan }: Wiring): Promise<void> {
    this.#bridges.letGo(namesOf(plan));
    await this.#bridges.removeUnused(namesOf(plan));
  }

  /**
   * How the container is to be created: in its networks, or in none. The engine takes no more than the first before API
   * 1.44.
   */
  specification({ plan, addressing }: Wiring): NetworkPart {
    const [first] = plan;
    if (first === undefined) return { HostConfig: { NetworkMode: 'none' } };
    const atOnce = addressing === 'endpoint' ? plan : [first];
    return {
      ...containerMacAddress(plan, addressing),
      HostConfig: { NetworkMode: first.name, Dns: [...new Set(plan.flatMap(({ dns }) => dns))] },
      NetworkingConfig: {
        EndpointsConfig: Object.fromEntries(
          atOnce.map((planned, position) => [planned.name, endpoint(planned, position, addressing)]),
        ),
      },
    };
  }

  /**
   * Connects a container that was just created to those of its networks that the engine did not take at its creation.
   */
  async connectFurther(container: ContainerRef, { plan, addressing }: Wiring): Promise<void> {
    if (addressing === 'endpoint') return;
    for (const planned of plan.slice(1))
      await this.#engine.networks.connect(planned.name, { container, endpoint: planned.endpoint });
  }

  /**
   * Starts a container that is connected to networks.
   *
   * Another host's driver on the same engine may have removed a network after it was made and before the container was
   * in it. It is then made anew, and stays: whoever looks from then on finds the container in it. So each network is
   * missed once at most.
   *
   * @param start - what starts the container; done again after a network was missed.
   * @throws what {@link plug} throws, and what `start` throws for other reasons.
   */
  async startIn<T>(
    container: ContainerRef,
    network_info: MaybeNetworkInfo,
    start: () => Promise<T>,
  ): Promise<T> {
    for (let missed = 0; ; missed += 1) {
      try {
        return await start();
      } catch (error) {
        if (!isNoSuchNetwork(error) || missed >= networkNames(network_info).length) throw error;
        await this.plug(await this.#engine.containers.inspect(container), network_info);
      }
    }
  }

  /**
   * Connects a container to all its networks that it is not in, and makes those that are gone. When it fails, the
   * container is in the networks that it was in, and what was made is removed again.
   *
   * @throws VirtualInterfaceCreateException, FixedIpInvalidOnHost for what no engine can give, or when it runs and
   * another container has its address.
   * @throws ComputeResourcesUnavailable when something of this host is in the way of a network, see
   * {@link BridgeNetworks.makeAll}.
   */
  async plug(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#change(container, network_info, [], (connect) => connect(), signal);
  }

  /**
   * Does work that makes the interfaces of a container those of `network_info`: it takes away the others, and plugs
   * those. Without any, they stay as they are. Whatever can be refused of them is refused before the work begins; when
   * the work fails, the container is in the networks that it was in.
   *
   * @param work - is handed what changes the interfaces.
   * @throws what {@link plug} throws, and what `work` throws.
   */
  async follow<T>(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    work: (connect: () => Promise<void>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (network_info === null || network_info === undefined) return await work(() => Promise.resolve());
    const wanted = networkNames(network_info);
    const others = networksOf(container).filter((name) => !wanted.includes(name));
    const done = await this.#change(container, network_info, others, work, signal);
    await this.#bridges.removeUnused(others, signal);
    return done;
  }

  async #change<T>(
    container: ContainerInspect,
    network_info: MaybeNetworkInfo,
    others: readonly NetworkRef[],
    work: (connect: () => Promise<void>) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const plan = networkPlan(network_info, this.#host);
    let takeBack = (): Promise<void> => Promise.resolve();
    this.#bridges.hold(namesOf(plan));
    try {
      const ready = await this.#bridges.makeAll(plan, signal);
      const missing = this.#connections.missing(container, plan, ready);
      const done = await work(async () => {
        takeBack = await this.#connections.change(container, others, missing, signal);
      });
      this.#bridges.letGo(namesOf(plan));
      return done;
    } catch (error) {
      await takeBack();
      await this.#giveUp(namesOf(plan));
      throw error;
    }
  }

  /**
   * Disconnects a container, which may be gone, from its networks, and removes those that nobody uses any more. Can be
   * repeated.
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
   * Removes the networks of an instance whose containers have been removed, as far as nobody else uses them.
   *
   * @param containers - what the engine told of them when they were there: the networks that they were in go, too.
   */
  async release(containers: readonly ConnectedContainer[], network_info: MaybeNetworkInfo): Promise<void> {
    await this.#bridges.removeUnused([...containers.flatMap(networksOf), ...networkNames(network_info)]);
  }

  /** Takes containers that stay out of all networks of the driver, and removes those that nobody uses any more. */
  async disconnect(containers: readonly ConnectedContainer[], network_info: MaybeNetworkInfo): Promise<void> {
    for (const container of containers) await this.#connections.disconnect(container, networksOf(container));
    await this.release(containers, network_info);
  }

  /**
   * Gives a container one more interface. Can be repeated.
   *
   * @throws InterfaceAttachFailed when the engine cannot; nothing is left of the try.
   */
  async attach(container: ContainerInspect, vif: VIF, signal?: AbortSignal): Promise<void> {
    const [name] = networkNames([vif]);
    const connection = name === undefined ? undefined : container.NetworkSettings.Networks[name];
    if (connection !== undefined && !isOfPort(connection, vif))
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
   * Takes an interface from a container, and removes its network if nobody else uses it. Can be repeated.
   *
   * @throws InterfaceDetachFailed when the engine cannot.
   */
  async detach(container: ContainerInspect, vif: VIF, signal?: AbortSignal): Promise<void> {
    const names = networkNames([vif]).filter((name) => {
      const connection = container.NetworkSettings.Networks[name];
      return connection === undefined || isOfPort(connection, vif);
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

  /**
   * After a failure, which is the one that the caller must hear of: another one is logged, and `init_host` finds what
   * is left.
   */
  async #giveUp(names: readonly NetworkRef[]): Promise<void> {
    this.#bridges.letGo(names);
    try {
      await this.#bridges.removeUnused(names);
    } catch (error) {
      this.#logger.error('could not remove the networks of an instance that could not be connected', {
        networks: names,
        error,
      });
    }
  }
}

function namesOf(plan: readonly PlannedInterface[]): NetworkRef[] {
  return plan.map(({ name }) => name);
}
