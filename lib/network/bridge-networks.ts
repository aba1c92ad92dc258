import type { Logger, VIF } from '../../interfaces/index.js';
import { ComputeResourcesUnavailable, VirtualInterfaceCreateException } from '../../interfaces/index.js';
import type { Engine, NetworkId, NetworkInspect, NetworkRef, NetworkSpecification } from '../engine/index.js';
import {
  EngineError,
  isBadRequest,
  isNetworkRef,
  isNotFound,
  isUnreachable,
  mayHaveBeenDone,
} from '../engine/index.js';
import { label } from '../common/index.js';
import { Turns } from '../streams/index.js';
import type { PlannedInterface } from './network-plan.js';
import type { ReservedSubnets } from './reserved-subnets.js';

/** A network that the engine has. */
export interface ReadyNetwork {
  readonly id: NetworkId;
  /** The containers that run in it, by their ids, and their addresses. */
  readonly members: NetworkInspect['Containers'];
}

/** What makes the networks of a host. */
export interface BridgeNetworksOptions {
  readonly engine: Engine;
  readonly host: string;
  /** What the host keeps from the networks of its instances. */
  readonly reserved: Pick<ReservedSubnets, 'conflict'>;
  readonly logger: Logger;
}

/**
 * The engine's networks for Nova's: made on first use, held while somebody is about to use them, removed when nobody is
 * in them any more.
 *
 * Drivers of several hosts may share an engine and its networks. A network is removed by its id after a look at who is
 * in it, so whatever a driver puts into a network after it was made anew is safe from all removals that were under way
 * before.
 */
export class BridgeNetworks {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #reserved: Pick<ReservedSubnets, 'conflict'>;
  readonly #logger: Logger;
  /** Making and removing one network take turns; different networks do not wait for each other. */
  readonly #turns = new Turns();
  /** How many instances under way count on a network that none of their containers is in yet. */
  readonly #held = new Map<NetworkRef, number>();

  constructor(options: BridgeNetworksOptions) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#reserved = options.reserved;
    this.#logger = options.logger;
  }

  /** From now on this driver does not remove the networks, until {@link letGo}. */
  hold(names: readonly NetworkRef[]): void {
    for (const name of names) this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
  }

  /** Takes back one {@link hold}. */
  letGo(names: readonly NetworkRef[]): void {
    for (const name of names) {
      const count = (this.#held.get(name) ?? 0) - 1;
      if (count > 0) this.#held.set(name, count);
      else this.#held.delete(name);
    }
  }

  /**
   * Makes those networks of a plan that are not there. All are looked at first: where one is refused for what is known
   * before, none is made.
   *
   * @throws VirtualInterfaceCreateException when no engine would make one.
   * @throws ComputeResourcesUnavailable when something of this host is in the way of one: its own addresses and routes,
   * or a network of its engine that overlaps or has its name, or that was made with another subnet. Another host may
   * have room for it.
   */
  async makeAll(
    plan: readonly PlannedInterface[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<NetworkRef, ReadyNetwork>> {
    const ready = new Map<NetworkRef, ReadyNetwork>();
    for (const planned of plan) {
      const existing = await this.#turns.runExclusive(planned.name, signal, () =>
        this.#look(planned, signal),
      );
      if (existing !== undefined) ready.set(planned.name, { id: existing.Id, members: existing.Containers });
    }
    for (const { name, specification, vif } of plan) {
      if (ready.has(name)) continue;
      signal?.throwIfAborted();
      const id = await this.#turns.runExclusive(name, signal, () => this.#create(name, specification, vif));
      ready.set(name, { id, members: {} });
    }
    return ready;
  }

  /** Looks at what is there of a planned network; where nothing is, whether this host can have it. */
  async #look(
    { name, specification, vif }: PlannedInterface,
    signal: AbortSignal | undefined,
  ): Promise<NetworkInspect | undefined> {
    const existing = await this.find(name, signal);
    if (existing !== undefined) {
      mustFit(existing, specification, vif);
      return existing;
    }
    const subnets = (specification.IPAM?.Config ?? []).map(({ Subnet: subnet }) => subnet);
    const conflict = await this.#reserved.conflict(subnets, signal);
    if (conflict !== undefined)
      throw new ComputeResourcesUnavailable(
        `Network ${vif.network.id} of port ${vif.id} cannot be on this host: its subnet ${subnets.join(', ')} overlaps ${conflict}, whose traffic would go to the instances`,
      );
    return undefined;
  }

  /** Looks at a network. */
  async find(name: NetworkRef, signal?: AbortSignal): Promise<NetworkInspect | undefined> {
    try {
      return await this.#engine.networks.inspect(name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Removes those of the networks that are a driver's and that no container, running or not, is in or about to be in.
   * May be repeated.
   *
   * @returns those that it removed.
   */
  async removeUnused(names: readonly NetworkRef[], signal?: AbortSignal): Promise<NetworkRef[]> {
    const removed: NetworkRef[] = [];
    for (const name of new Set(names)) {
      await this.#turns.runExclusive(name, signal, async () => {
        if (this.#held.has(name)) return;
        const network = await this.find(name, signal);
        if (network === undefined || !isOurs(network) || (await this.#isUsed(network, signal))) return;
        signal?.throwIfAborted();
        if (!(await this.#remove(network))) return;
        removed.push(name);
        this.#logger.debug('removed a network that no instance uses any more', { network: name });
      });
    }
    return removed;
  }

  /**
   * Removes all networks of this host that no container is in: what a crash left. One that cannot be removed is logged,
   * and stays.
   *
   * @returns those that it removed.
   * @throws what the engine fails with when it is asked for its networks, or cannot be reached; the signal's reason when
   * that aborts.
   */
  async removeLeftovers(signal?: AbortSignal): Promise<NetworkRef[]> {
    const networks = await this.#engine.networks.list({
      filters: { label: [`${label.host}=${this.#host}`] },
      signal,
    });
    const removed: NetworkRef[] = [];
    for (const network of networks.map(({ Name: name }) => name).filter(isNetworkRef)) {
      try {
        removed.push(...(await this.removeUnused([network], signal)));
      } catch (error) {
        signal?.throwIfAborted();
        if (isUnreachable(error)) throw error;
        this.#logger.error('a network that no instance uses cannot be removed, and stays', {
          network,
          error,
        });
      }
    }
    return removed;
  }

  async #create(name: NetworkRef, specification: NetworkSpecification, vif: VIF): Promise<NetworkId> {
    try {
      return (await this.#engine.networks.create(specification)).id;
    } catch (error) {
      // Another driver on the same engine made it, or our own request did and its answer was lost.
      const made = await this.find(name);
      if (made === undefined) throw refusal(error, vif);
      mustFit(made, specification, vif);
      return made.Id;
    }
  }

  async #isUsed({ Id: id, Name: name }: NetworkInspect, signal: AbortSignal | undefined): Promise<boolean> {
    const { containers } = this.#engine;
    // By its name too: a container that was never started knows no id of its network yet.
    const inside = await containers.list({ all: true, filters: { network: [id, name] }, signal });
    if (inside.length > 0) return true;
    // An instance whose first interface was detached: 28.5 does not start a container when the network that it was
    // created in is gone.
    const instances = await containers.list({ all: true, filters: { label: [label.host] }, signal });
    return instances.some(({ HostConfig: { NetworkMode: mode } }) => mode === name);
  }

  /** Another driver on the same engine may connect to it, or remove it, after the look: the engine then says so. */
  async #remove({ Id: id }: NetworkInspect): Promise<boolean> {
    try {
      await this.#engine.networks.remove(id);
      return true;
    } catch (error) {
      if (isNotFound(error) || isInUse(error)) return false;
      if (mayHaveBeenDone(error) && (await this.find(id)) === undefined) return true;
      throw error;
    }
  }
}

/** Whether a driver made the network. */
export function isOurs({ Labels: labels }: NetworkInspect): boolean {
  return labels[label.networkId] !== undefined;
}

function isInUse(error: unknown): boolean {
  return error instanceof EngineError && /active endpoints/i.test(error.engineMessage);
}

/**
 * Both are about this engine alone: networks are made on first use, so another host may have none of the name, or one
 * with this subnet.
 */
function mustFit(existing: NetworkInspect, wanted: NetworkSpecification, { id, network }: VIF): void {
  const cannot = `The engine cannot give port ${id} its interface in network ${network.id}`;
  if (existing.Labels[label.networkId] !== network.id)
    throw new ComputeResourcesUnavailable(
      `${cannot}: it has a network ${wanted.Name} that this driver did not make`,
    );
  const pools = existing.IPAM.Config.map(({ Subnet: subnet }) => subnet);
  const missing = wanted.IPAM?.Config?.find(({ Subnet: subnet }) => !pools.includes(subnet));
  if (missing !== undefined)
    throw new ComputeResourcesUnavailable(
      `${cannot}: its network was made with ${pools.join(', ')}, which lacks ${missing.Subnet}, and has one subnet for each IP version`,
    );
}

/**
 * What is malformed (400, since 25.0) is so for every engine. Everything else that an engine refuses is trouble between
 * its networks: subnets that overlap (403 on 20.10 and 28.5), a name that was taken meanwhile (409). What it fails at
 * (500) says nothing of the network, because the plan holds no addresses that 20.10 would answer with 500.
 */
function refusal(error: unknown, { id, network }: VIF): unknown {
  if (!(error instanceof EngineError) || error.status < 400 || error.status >= 500) return error;
  const message = `The engine could not make the network ${network.id} of port ${id}: ${error.engineMessage}`;
  return isBadRequest(error)
    ? new VirtualInterfaceCreateException(message, { cause: error })
    : new ComputeResourcesUnavailable(message, { cause: error });
}
