import type { Logger, VIF } from '../../interfaces/index.js';
import { FixedIpInvalidOnHost } from '../../interfaces/index.js';
import type {
  ContainerEndpoint,
  ContainerId,
  ContainerInspect,
  Engine,
  NetworkId,
  NetworkRef,
} from '../engine/index.js';
import {
  EngineError,
  isNetworkRef,
  isNoSuchNetwork,
  isNotFound,
  mayHaveBeenDone,
  networkRef,
} from '../engine/index.js';
import { engineNetworkName } from '../common/index.js';
import type { BridgeNetworks, ReadyNetwork } from './bridge-networks.js';
import { isOurs } from './bridge-networks.js';
import type { PlannedInterface } from './network-plan.js';

/** What must be known of a container to disconnect it: what an inspection tells, and a list too. */
export interface ConnectedContainer {
  readonly Id: ContainerId;
  readonly HostConfig: { readonly NetworkMode?: string | undefined };
  readonly NetworkSettings?:
    { readonly Networks: Readonly<Record<string, Pick<ContainerEndpoint, 'NetworkID'>>> } | null | undefined;
}

/** The networks that a container is in, or was created in, as far as their names are those of a driver. */
export function networksOf({
  HostConfig: { NetworkMode: mode = '' },
  NetworkSettings: settings,
}: ConnectedContainer): NetworkRef[] {
  const names = new Set([...Object.keys(settings?.Networks ?? {}), mode]);
  return [...names].filter(isNetworkRef).filter((name) => name.startsWith(engineNetworkName('')));
}

/**
 * How often a network may be gone when a container that runs is to be connected to it: other hosts' drivers on the
 * engine may remove it.
 */
const attempts = 5;

/** The network of containers that are in none. A container cannot be in it and in another. */
const nowhere = networkRef('none');

/** Connects containers that exist to networks, and disconnects them. */
export class Connections {
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #bridges: BridgeNetworks;

  constructor(options: {
    readonly engine: Engine;
    readonly logger: Logger;
    readonly bridges: BridgeNetworks;
  }) {
    this.#engine = options.engine;
    this.#logger = options.logger;
    this.#bridges = options.bridges;
  }

  /**
   * The interfaces of a plan that a container has not got as planned.
   *
   * @param ready - the networks of the plan.
   * @throws FixedIpInvalidOnHost when the container runs, and another one has an address that it is to get.
   */
  missing(
    container: ContainerInspect,
    plan: readonly PlannedInterface[],
    ready: ReadonlyMap<NetworkRef, ReadyNetwork>,
  ): PlannedInterface[] {
    const missing = plan.filter((planned) => !isAsPlanned(container, planned, ready.get(planned.name)?.id));
    if (container.State.Running)
      for (const planned of missing)
        mustBeFree(planned, container.Id, ready.get(planned.name)?.members ?? {});
    return missing;
  }

  /**
   * Gives a container interfaces, and takes others away. When that fails, it is in the networks that it was in.
   *
   * @param leaving - networks that it is to leave, if no stranger made them.
   * @returns what takes it back.
   */
  async change(
    container: ContainerInspect,
    leaving: readonly NetworkRef[],
    missing: readonly PlannedInterface[],
    signal: AbortSignal | undefined,
  ): Promise<() => Promise<void>> {
    const { Networks: before } = container.NetworkSettings;
    const left: NetworkRef[] = [];
    const entered: NetworkRef[] = [];
    const leave = async (name: NetworkRef): Promise<void> => {
      await this.#leave(container.Id, name);
      left.push(name);
    };
    const takeBack = (): Promise<void> => this.#takeBack(container, entered, left);
    try {
      for (const name of leaving) {
        const network = await this.#bridges.find(name, signal);
        if (network !== undefined && !isOurs(network)) continue;
        signal?.throwIfAborted();
        await leave(name);
      }
      for (const planned of missing) {
        // Connected for another port, or to a network of that name which is gone, or a try that failed.
        if (before[planned.name] !== undefined) await leave(planned.name);
        if (before[nowhere] !== undefined && !left.includes(nowhere)) await leave(nowhere);
        await this.#enter(container, planned, signal);
        entered.push(planned.name);
      }
      return takeBack;
    } catch (error) {
      await takeBack();
      throw error;
    }
  }

  /** Never throws: the failure that led here is the one that the caller must hear of. */
  async #takeBack(
    { Id: container, NetworkSettings: { Networks: before } }: ContainerInspect,
    entered: readonly NetworkRef[],
    left: readonly NetworkRef[],
  ): Promise<void> {
    try {
      for (const name of entered) await this.#leave(container, name);
      for (const name of left) await this.#enterAgain(container, name, before[name]);
    } catch (error) {
      this.#logger.error('an instance could not be put back into the networks that it was in', {
        container,
        networks: left,
        error,
      });
    }
  }

  async #enterAgain(
    container: ContainerId,
    name: NetworkRef,
    before: ContainerEndpoint | undefined,
  ): Promise<void> {
    const { IPAMConfig: asked, MacAddress: mac } = before ?? {};
    const endpoint = {
      IPAMConfig: {
        ...(asked?.IPv4Address === undefined ? {} : { IPv4Address: asked.IPv4Address }),
        ...(asked?.IPv6Address === undefined ? {} : { IPv6Address: asked.IPv6Address }),
      },
      ...(mac === undefined || mac === '' ? {} : { MacAddress: mac }),
    };
    try {
      await this.#engine.networks.connect(name, { container, endpoint });
    } catch (error) {
      if (mayHaveBeenDone(error) && (await this.#isIn(container, name))) return;
      // It is gone, and so was the connection to it.
      if (!isNoSuchNetwork(error)) throw error;
    }
  }

  /**
   * Takes a container out of those of the networks that it is in and that no stranger made.
   *
   * @returns the container as it is then.
   */
  async disconnect<T extends ConnectedContainer>(
    container: T,
    names: readonly NetworkRef[],
    signal?: AbortSignal,
  ): Promise<T> {
    const connections = { ...container.NetworkSettings?.Networks };
    for (const name of names) {
      if (connections[name] === undefined) continue;
      const network = await this.#bridges.find(name, signal);
      if (network !== undefined && !isOurs(network)) continue;
      signal?.throwIfAborted();
      await this.#leave(container.Id, name);
      Reflect.deleteProperty(connections, name);
    }
    return { ...container, NetworkSettings: { ...container.NetworkSettings, Networks: connections } };
  }

  async #enter(
    container: ContainerInspect,
    planned: PlannedInterface,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { name, mac } = planned;
    signal?.throwIfAborted();
    const endpoint = { ...planned.endpoint, ...(mac === undefined ? {} : { MacAddress: mac }) };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#engine.networks.connect(name, { container: container.Id, endpoint });
        break;
      } catch (error) {
        if (await this.#wasDone(container.Id, name, error)) break;
        if (!isNoSuchNetwork(error) || attempt === attempts) throw error;
        await this.#bridges.makeAll([planned], signal);
      }
    }
    if (!container.State.Running || mac === undefined) return;
    try {
      await this.#compareAddress(container.Id, planned, mac, signal);
    } catch (error) {
      await this.#leave(container.Id, name);
      throw error;
    }
  }

  /**
   * An engine sets the MAC address of an interface when it creates the container. Of one that is connected later it
   * makes up an address, and says nothing (20.10 to 28.5; only what was the container's first network gets its address
   * again on 20.10).
   */
  async #compareAddress(
    container: ContainerId,
    { name, vif }: PlannedInterface,
    mac: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { NetworkSettings: settings } = await this.#engine.containers.inspect(container, { signal });
    const given = settings.Networks[name]?.MacAddress;
    if (given === undefined || given === '' || given.toLowerCase() === mac.toLowerCase()) return;
    this.#logger.warn('the engine gave an interface another MAC address than its port has', {
      port: vif.id,
      wanted: mac,
      given,
    });
  }

  /**
   * What became of a connection that failed: made all the same, its answer lost; or not, and then taken back, because
   * the engine remembers also one that it could not make, and tries it again at the next start.
   *
   * @throws the failure itself when this cannot be found out.
   */
  async #wasDone(container: ContainerId, name: NetworkRef, failure: unknown): Promise<boolean> {
    try {
      if (mayHaveBeenDone(failure) && (await this.#isIn(container, name))) return true;
      await this.#leave(container, name);
      return false;
    } catch (error) {
      this.#logger.error('could not take back a connection that failed', { container, network: name, error });
      throw failure;
    }
  }

  async #leave(container: ContainerId, name: NetworkRef): Promise<void> {
    try {
      await this.#engine.networks.disconnect(name, { container, force: true });
    } catch (error) {
      if (isDisconnected(error)) return;
      if (mayHaveBeenDone(error) && !(await this.#isIn(container, name))) return;
      throw error;
    }
  }

  async #isIn(container: ContainerId, name: NetworkRef): Promise<boolean> {
    const { NetworkSettings: settings } = await this.#engine.containers.inspect(container);
    return settings.Networks[name] !== undefined;
  }
}

/** Whether a container is in a network, with the addresses of the port. */
function isAsPlanned(
  { NetworkSettings: { Networks: connections }, State: state }: ContainerInspect,
  { name, vif }: PlannedInterface,
  network: NetworkId | undefined,
): boolean {
  const connection = connections[name];
  if (connection === undefined || !isOfPort(connection, vif)) return false;
  // One that does not run is told the network's id at its first start only.
  return connection.NetworkID === network || (connection.NetworkID === '' && !state.Running);
}

/**
 * The engine would say so too, and yet remember the connection of a container that runs: it cannot be taken back before
 * the container has ended, whose next start fails (20.10 to 28.5).
 *
 * @throws FixedIpInvalidOnHost when another container has one of the addresses.
 */
function mustBeFree(
  { endpoint, vif }: PlannedInterface,
  container: ContainerId,
  members: ReadyNetwork['members'],
): void {
  const wanted = Object.values(endpoint.IPAMConfig ?? {});
  const taken = Object.entries(members)
    .filter(([neighbour]) => neighbour !== container)
    .flatMap(([, neighbour]) => [neighbour.IPv4Address, neighbour.IPv6Address])
    .map((address) => address.replace(/\/\d+$/, ''))
    .find((address) => wanted.includes(address));
  if (taken !== undefined)
    throw new FixedIpInvalidOnHost(`The fixed address ${taken} of port ${vif.id} is taken`);
}

/**
 * Whether a container's place in a network is that of a port: the addresses that it was told to have are the port's.
 */
export function isOfPort({ IPAMConfig: asked }: ContainerEndpoint, { network }: VIF): boolean {
  const fixed = (network.subnets ?? []).flatMap(({ ips }) => (ips ?? []).map(({ address }) => address));
  const told = [asked?.IPv4Address, asked?.IPv6Address].filter((address) => address !== undefined);
  return told.every((address) => fixed.includes(address));
}

/** The container is not in the network (500 "is not connected", 20.10 to 28.5), or one of them is gone. */
function isDisconnected(error: unknown): boolean {
  return (
    isNotFound(error) || (error instanceof EngineError && /is not connected to/i.test(error.engineMessage))
  );
}
