import type { Logger, VIF } from '../../interfaces/index.js';
import { ComputeResourcesUnavailable, VirtualInterfaceCreateException } from '../../interfaces/index.js';
import type { Engine, NetworkId, NetworkInspect, NetworkRef, NetworkSpecification } from '../engine/index.js';
import {
  EngineError,
  engineWords,
  isBadRequest,
  isNetworkRef,
  isNotFound,
  isUnreachable,
  mayHaveSucceeded,
} from '../engine/index.js';
import { label } from '../common/index.js';
import { KeyedMutex } from '../streams/index.js';
import type { PlannedInterface } from './network-plan.js';
import type { HostSubnets } from './reserved/index.js';

/** A network that exists on the engine. */
export interface ReadyNetwork {
  readonly id: NetworkId;
  /** The running containers in the network, by id, with their addresses. */
  readonly members: NetworkInspect['Containers'];
}

/** Options of {@link BridgeNetworks}. */
export interface BridgeNetworksOptions {
  readonly engine: Engine;
  readonly host: string;
  /** The addresses that the host reserves: no network of instances may overlap them. */
  readonly reserved: Pick<HostSubnets, 'conflict'>;
  readonly logger: Logger;
}

/**
 * Maps Nova's networks to bridge networks of the engine: creates them on first use and removes them when no container
 * uses them.
 *
 * Drivers of several hosts may share an engine and its networks. A driver removes a network by id, after it has checked
 * that the network is unused. So a removal in progress never hits a network that another driver has created anew under
 * the same name.
 */
export class BridgeNetworks {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #reserved: Pick<HostSubnets, 'conflict'>;
  readonly #logger: Logger;
  /**
   * One lock per network: creation and removal of one network exclude each other; different networks run in parallel.
   */
  readonly #locks = new KeyedMutex();
  /** Reference counts: instances being built that need a network but whose container is not in it yet. */
  readonly #held = new Map<NetworkRef, number>();

  constructor(options: BridgeNetworksOptions) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#reserved = options.reserved;
    this.#logger = options.logger;
  }

  /** Adds a reference to each network: this driver does not remove it until {@link release}. */
  hold(names: readonly NetworkRef[]): void {
    for (const name of names) this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
  }

  /** Releases the references of one {@link hold}. */
  release(names: readonly NetworkRef[]): void {
    for (const name of names) {
      const count = (this.#held.get(name) ?? 0) - 1;
      if (count > 0) this.#held.set(name, count);
      else this.#held.delete(name);
    }
  }

  /**
   * Releases the references of one {@link hold} after a failure, and removes the networks that are unused. The caller
   * must see the failure that led here, so its own failure is only logged.
   */
  async abandon(names: readonly NetworkRef[]): Promise<void> {
    this.release(names);
    await this.tidy(names);
  }

  /** Removes the networks that are unused. A failure is only logged: `init_host` removes what is left. */
  async tidy(names: readonly NetworkRef[]): Promise<void> {
    try {
      await this.removeUnused(names);
    } catch (error) {
      this.#logger.error('could not remove networks that no instance may use any more', {
        networks: names,
        error,
      });
    }
  }

  /**
   * Creates the missing networks of a plan. It validates all of them first, so that a plan that is refused creates
   * none.
   *
   * @throws VirtualInterfaceCreateException when every engine would refuse a network.
   * @throws ComputeResourcesUnavailable when a network conflicts with this host: with its addresses or routes, with an
   * overlapping network or one of the same name on its engine, or with its own network made for another subnet. Another
   * host may have room for it. Also when a server's name cannot be resolved, see {@link HostSubnets.conflict}.
   */
  async makeAll(
    plan: readonly PlannedInterface[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<NetworkRef, ReadyNetwork>> {
    const ready = new Map<NetworkRef, ReadyNetwork>();
    for (const planned of plan) {
      const existing = await this.#locks.runExclusive(planned.name, signal, () =>
        this.#look(planned, signal),
      );
      if (existing !== undefined) ready.set(planned.name, { id: existing.Id, members: existing.Containers });
    }
    for (const { name, specification, vif } of plan) {
      if (ready.has(name)) continue;
      signal?.throwIfAborted();
      const id = await this.#locks.runExclusive(name, signal, () => this.#create(name, specification, vif));
      ready.set(name, { id, members: {} });
    }
    return ready;
  }

  /**
   * Finds the network of a planned interface. If there is none, checks that its subnets conflict with nothing on this
   * host.
   */
  async #look(
    { name, specification, vif }: PlannedInterface,
    signal: AbortSignal | undefined,
  ): Promise<NetworkInspect | undefined> {
    const existing = await this.find(name, signal);
    if (existing !== undefined) {
      validateNetworkMatches(existing, specification, vif);
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

  /** Inspects a network; undefined when it does not exist. */
  async find(name: NetworkRef, signal?: AbortSignal): Promise<NetworkInspect | undefined> {
    try {
      return await this.#engine.networks.inspect(name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Removes the networks that a driver created, that no container is in (running or not) and that have no reference.
   * Idempotent.
   *
   * @returns the networks that it removed.
   */
  async removeUnused(names: readonly NetworkRef[], signal?: AbortSignal): Promise<NetworkRef[]> {
    const removed: NetworkRef[] = [];
    for (const name of new Set(names)) {
      await this.#locks.runExclusive(name, signal, async () => {
        if (this.#held.has(name)) return;
        const network = await this.find(name, signal);
        if (network === undefined || !isOurs(network) || (await this.#isUsed(network, signal))) return;
        signal?.throwIfAborted();
        if (!(await this.#remove(network))) return;
        removed.push(name);
        this.#logger.debug('removed an unused network', { network: name });
      });
    }
    return removed;
  }

  /**
   * Removes all networks of this host that no container uses, such as a crash leaves behind. It logs and skips a
   * network that it cannot remove.
   *
   * @returns the networks that it removed.
   * @throws EngineError when the engine refuses to list its networks; the connection's error when the engine is
   * unreachable; the signal's reason when it aborts.
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
        this.#logger.error('could not remove an unused network', {
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
      // Another driver on the same engine may have created it, or our own request did and its answer was lost.
      const made = await this.find(name);
      if (made === undefined) throw refusal(error, vif);
      validateNetworkMatches(made, specification, vif);
      return made.Id;
    }
  }

  async #isUsed({ Id: id, Name: name }: NetworkInspect, signal: AbortSignal | undefined): Promise<boolean> {
    const { containers } = this.#engine;
    // Filter by name too: a container that was never started does not record the network's id.
    const inside = await containers.list({ all: true, filters: { network: [id, name] }, signal });
    if (inside.length > 0) return true;
    // An instance whose first interface was detached still needs the network that it was created in: without it, 28.5
    // does not start the container.
    const instances = await containers.list({ all: true, filters: { label: [label.host] }, signal });
    return instances.some(({ HostConfig: { NetworkMode: mode } }) => mode === name);
  }

  /** Another driver on the same engine may use or remove the network after the check: the engine then refuses. */
  async #remove({ Id: id }: NetworkInspect): Promise<boolean> {
    try {
      await this.#engine.networks.remove(id);
      return true;
    } catch (error) {
      if (isNotFound(error) || isInUse(error)) return false;
      if (mayHaveSucceeded(error) && (await this.find(id)) === undefined) return true;
      throw error;
    }
  }
}

/** Whether a driver created the network. */
export function isOurs({ Labels: labels }: NetworkInspect): boolean {
  return labels[label.networkId] !== undefined;
}

function isInUse(error: unknown): boolean {
  return error instanceof EngineError && engineWords.networkInUse.test(error.engineMessage);
}

/**
 * Both conflicts concern this engine alone: networks are created on first use, so another host may have no network of
 * this name, or one with this subnet.
 */
function validateNetworkMatches(
  existing: NetworkInspect,
  wanted: NetworkSpecification,
  { id, network }: VIF,
): void {
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
 * Malformed input (400, since 25.0) is refused by every engine. Any other refusal is a conflict between the networks of
 * this engine: subnets that overlap (403 on 20.10 and 28.5), a name that was taken meanwhile (409). A 500 says nothing
 * about the network, because the plan has no addresses that 20.10 answers with 500.
 */
function refusal(error: unknown, { id, network }: VIF): unknown {
  if (!(error instanceof EngineError) || error.status < 400 || error.status >= 500) return error;
  const message = `The engine could not make the network ${network.id} of port ${id}: ${error.engineMessage}`;
  return isBadRequest(error)
    ? new VirtualInterfaceCreateException(message, { cause: error })
    : new ComputeResourcesUnavailable(message, { cause: error });
}
