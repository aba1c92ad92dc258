import type { Logger, NetworkInfo, VIF } from '../../interfaces/index.js';
import { VirtualInterfaceCreateException } from '../../interfaces/index.js';
import type {
  ContainerInspect,
  ContainerRef,
  ContainerSpecification,
  Engine,
  NetworkInspect,
  NetworkRef,
  NetworkSpecification,
} from '../engine/index.js';
import { EngineError, isNotFound, networkRef } from '../engine/index.js';
import { label } from '../labels.js';
import { Turns } from '../streams/index.js';
import type { MacAddressing } from './mac-address.js';
import { containerMacAddress, endpoint, macAddressing } from './mac-address.js';
import type { PlannedInterface } from './network-plan.js';
import { networkPlan } from './network-plan.js';

/** The networks of an instance about to be created, held so that nobody removes them meanwhile. */
export interface Wiring {
  readonly plan: readonly PlannedInterface[];
  readonly addressing: MacAddressing;
}

/** The part of a container's specification that says how it is connected. */
export type NetworkPart = Pick<ContainerSpecification, 'MacAddress' | 'NetworkingConfig' | 'HostConfig'>;

/** Makes, connects and removes the networks of one host's instances. */
export class Networks {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #logger: Logger;
  /** Making and removing one network take turns; different networks do not wait for each other. */
  readonly #turns = new Turns();
  /** How many instances under way count on a network that none of their containers is in yet. */
  readonly #held = new Map<NetworkRef, number>();

  constructor(options: { readonly engine: Engine; readonly host: string; readonly logger: Logger }) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#logger = options.logger;
  }

  /**
   * Makes the networks of an instance that are not there yet, and holds them until {@link keep} or {@link abandon}.
   *
   * @throws VirtualInterfaceCreateException when the engine cannot make one, or its name is somebody else's.
   * @throws VirtualInterfaceMacAddressException when the engine cannot give an interface its address.
   */
  async prepare(network_info: NetworkInfo, signal?: AbortSignal): Promise<Wiring> {
    const plan = networkPlan(network_info, this.#host);
    if (plan.length === 0) return { plan, addressing: 'endpoint' };
    const wiring: Wiring = {
      plan,
      addressing: macAddressing(await this.#engine.negotiate()),
    };
    plan.forEach((planned, position) => endpoint(planned, position, wiring.addressing));
    this.#hold(wiring, 1);
    try {
      for (const planned of plan) await this.#ensure(planned, signal);
      return wiring;
    } catch (error) {
      await this.abandon(wiring);
      throw error;
    }
  }

  /** The container is in its networks: they need no hold any more. */
  keep(wiring: Wiring): void {
    this.#hold(wiring, -1);
  }

  /** The container came to nothing: its networks are removed unless others use them. */
  async abandon(wiring: Wiring): Promise<void> {
    this.#hold(wiring, -1);
    await this.removeUnused(wiring.plan.map(({ name }) => name));
  }

  /** How the container is to be created: in its first network, or in none. The engine takes no more at creation before API 1.44. */
  specification({ plan, addressing }: Wiring): NetworkPart {
    const [first] = plan;
    if (first === undefined) return { HostConfig: { NetworkMode: 'none' } };
    return {
      ...containerMacAddress(plan, addressing),
      HostConfig: { NetworkMode: first.name, Dns: [...new Set(plan.flatMap(({ dns }) => dns))] },
      NetworkingConfig: { EndpointsConfig: { [first.name]: endpoint(first, 0, addressing) } },
    };
  }

  /** Connects a container that was just created to its networks after the first. */
  async connectFurther(container: ContainerRef, { plan, addressing }: Wiring): Promise<void> {
    for (const [position, planned] of plan.entries()) {
      if (position === 0) continue;
      await this.#engine.networks.connect(planned.name, {
        container,
        endpoint: endpoint(planned, position, addressing),
      });
    }
  }

  /**
   * Connects a container to all its networks that it is not in, and makes those that are gone.
   *
   * @throws what {@link prepare} throws.
   */
  async plug(container: ContainerInspect, network_info: NetworkInfo, signal?: AbortSignal): Promise<void> {
    const wiring = await this.prepare(network_info, signal);
    try {
      if (wiring.plan.length === 0) return;
      for (const [position, planned] of wiring.plan.entries()) {
        const { Id: id } = await this.#engine.networks.inspect(planned.name);
        const connection = container.NetworkSettings.Networks[planned.name];
        if (connection?.NetworkID === id || connection?.NetworkID === '') continue;
        // Connected to a network of that name which is gone.
        if (connection !== undefined)
          await this.#engine.networks.disconnect(planned.name, { container: container.Id, force: true });
        await this.#engine.networks.connect(planned.name, {
          container: container.Id,
          endpoint: endpoint(planned, position, wiring.addressing),
        });
      }
    } finally {
      this.keep(wiring);
    }
  }

  /** Disconnects a container, which may be gone, from its networks, and removes those that nobody uses any more. */
  async unplug(container: ContainerInspect | undefined, network_info: NetworkInfo): Promise<void> {
    const names = networkPlan(network_info, this.#host).map(({ name }) => name);
    for (const name of names) {
      if (container?.NetworkSettings.Networks[name] === undefined) continue;
      await this.#engine.networks
        .disconnect(name, { container: container.Id, force: true })
        .catch(ignoreNotFound);
    }
    await this.removeUnused(names);
  }

  /** Removes those of the networks that are this driver's and that no container, running or not, is in or about to be in. */
  async removeUnused(names: readonly NetworkRef[]): Promise<void> {
    for (const name of new Set(names)) {
      await this.#turns.take(name, undefined, async () => {
        if (this.#held.has(name)) return;
        const network = await this.#find(name);
        if (network?.Labels[label.networkId] === undefined) return;
        // By its name too: a container that was never started knows no id of its network yet.
        const users = await this.#engine.containers.list({
          all: true,
          filters: { network: [network.Id, name] },
        });
        if (users.length > 0) return;
        if (!(await this.#remove(name))) return;
        this.#logger.debug('removed a network that no instance uses any more', { network: name });
      });
    }
  }

  /** Removes all networks of this host that no container is in: what a crash left. */
  async removeLeftovers(): Promise<void> {
    const networks = await this.#engine.networks.list({
      filters: { label: [`${label.host}=${this.#host}`] },
    });
    await this.removeUnused(networks.map(({ Name: name }) => networkRef(name)));
  }

  async #ensure(
    { name, specification, vif }: PlannedInterface,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#turns.take(name, signal, async () => {
      const existing = await this.#find(name);
      if (existing !== undefined) {
        mustFit(existing, specification, vif.network.id);
        return;
      }
      try {
        await this.#engine.networks.create(specification);
      } catch (error) {
        // Another driver on the same engine made it, or our own request did and its answer was lost.
        const made = await this.#find(name);
        if (made === undefined) throw refusal(error, vif);
        mustFit(made, specification, vif.network.id);
      }
    });
  }

  /** Another driver on the same engine may connect to it, or remove it, after the look: the engine then says so. */
  async #remove(name: NetworkRef): Promise<boolean> {
    try {
      await this.#engine.networks.remove(name);
      return true;
    } catch (error) {
      if (
        isNotFound(error) ||
        (error instanceof EngineError && /active endpoints/i.test(error.engineMessage))
      )
        return false;
      throw error;
    }
  }

  async #find(name: NetworkRef): Promise<NetworkInspect | undefined> {
    return await this.#engine.networks.inspect(name).catch(ignoreNotFound);
  }

  #hold({ plan }: Wiring, change: 1 | -1): void {
    for (const { name } of plan) {
      const count = (this.#held.get(name) ?? 0) + change;
      if (count === 0) this.#held.delete(name);
      else this.#held.set(name, count);
    }
  }
}

function mustFit(existing: NetworkInspect, wanted: NetworkSpecification, network_id: string): void {
  if (existing.Labels[label.networkId] !== network_id)
    throw new VirtualInterfaceCreateException(
      `The engine has a network ${wanted.Name} that this driver did not make: it is in the way of network ${network_id}`,
    );
  const pools = existing.IPAM.Config.map(({ Subnet: subnet }) => subnet);
  const missing = wanted.IPAM?.Config?.find(({ Subnet: subnet }) => !pools.includes(subnet));
  if (missing !== undefined)
    throw new VirtualInterfaceCreateException(
      `Network ${network_id} was made with ${pools.join(', ')} and the instance is in ${missing.Subnet}: ` +
        'an engine network has one subnet for each IP version',
    );
}

/** What the engine says no to cannot be had on any host of its kind; that it cannot be reached means nothing. */
function refusal(error: unknown, { id, network }: VIF): unknown {
  if (!(error instanceof EngineError)) return error;
  const message = `The engine could not make the network ${network.id} of port ${id}: ${error.engineMessage}`;
  return new VirtualInterfaceCreateException(message, { cause: error });
}

function ignoreNotFound(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
