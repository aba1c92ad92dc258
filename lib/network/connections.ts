import type { Logger, VIF } from '../../interfaces/index.js';
import { FixedIpInvalidOnHost } from '../../interfaces/index.js';
import type {
  ContainerEndpoint,
  ContainerId,
  ContainerInspect,
  EndpointSpecification,
  Engine,
  NetworkId,
  NetworkRef,
} from '../engine/index.js';
import {
  EngineError,
  engineWords,
  isNetworkRef,
  isNoSuchNetwork,
  isNotFound,
  mayHaveSucceeded,
  networkRef,
} from '../engine/index.js';
import { engineNetworkName } from '../common/index.js';
import type { BridgeNetworks, ReadyNetwork } from './bridge-networks.js';
import { isOurs } from './bridge-networks.js';
import type { PlannedInterface } from './network-plan.js';
import {
  interfaceOptions,
  type RecordedContainer,
  requestedAddresses,
  recordedInterface,
} from './interface-record.js';

/** The fields needed to disconnect a container: both an inspection and a list have them. */
export interface ConnectedContainer {
  readonly Id: ContainerId;
  readonly HostConfig: { readonly NetworkMode?: string | undefined };
  readonly NetworkSettings?:
    { readonly Networks: Readonly<Record<string, Pick<ContainerEndpoint, 'NetworkID'>>> } | null | undefined;
}

/** The driver's networks that a container is in or was created in, recognized by name. */
export function networksOf({
  HostConfig: { NetworkMode: mode = '' },
  NetworkSettings: settings,
}: ConnectedContainer): NetworkRef[] {
  const names = new Set([...Object.keys(settings?.Networks ?? {}), mode]);
  return [...names].filter(isNetworkRef).filter((name) => name.startsWith(engineNetworkName('')));
}

/**
 * How often the driver tries to connect a running container to a network that is missing: drivers of other hosts on the
 * same engine may remove it meanwhile.
 */
const attempts = 5;

/** The engine's network for containers without any. A container cannot be in it and in another network. */
const noneNetwork = networkRef('none');

/** Connects existing containers to networks and disconnects them. */
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
   * Adds interfaces to a container and removes others. On failure it restores the container's networks.
   *
   * @param toDisconnect - networks to disconnect; those that the driver did not create stay connected.
   * @param toConnect - see {@link interfacesToConnect}.
   * @returns a function that rolls the change back.
   */
  async change(
    container: ContainerInspect,
    toDisconnect: readonly NetworkRef[],
    toConnect: readonly PlannedInterface[],
    signal: AbortSignal | undefined,
  ): Promise<() => Promise<void>> {
    const { Networks: before } = container.NetworkSettings;
    const disconnected: NetworkRef[] = [];
    const connected: NetworkRef[] = [];
    const disconnect = async (name: NetworkRef): Promise<void> => {
      // First: a disconnection that fails may have been done.
      disconnected.push(name);
      await this.#disconnect(container.Id, name);
    };
    const rollBack = (): Promise<void> => this.#rollBack(container, connected, disconnected);
    try {
      for (const name of toDisconnect) {
        const network = await this.#bridges.find(name, signal);
        if (network !== undefined && !isOurs(network)) continue;
        signal?.throwIfAborted();
        await disconnect(name);
      }
      for (const planned of toConnect) {
        // The container has a connection for another port, to a deleted network of this name, or from a failed attempt.
        if (before[planned.name] !== undefined) await disconnect(planned.name);
        if (before[noneNetwork] !== undefined && !disconnected.includes(noneNetwork))
          await disconnect(noneNetwork);
        await this.#connectExisting(container, planned, signal);
        connected.push(planned.name);
      }
      return rollBack;
    } catch (error) {
      await rollBack();
      throw error;
    }
  }

  /** Never throws, so that the caller sees the failure that led to this rollback. */
  async #rollBack(
    before: ContainerInspect,
    connected: readonly NetworkRef[],
    disconnected: readonly NetworkRef[],
  ): Promise<void> {
    const { Id: container } = before;
    const attempt = async (what: string, network: NetworkRef, step: Promise<void>): Promise<void> => {
      try {
        await step;
      } catch (error) {
        this.#logger.error(`could not ${what} while rolling back`, { container, network, error });
      }
    };
    for (const name of connected)
      await attempt('disconnect an instance from a network', name, this.#disconnect(container, name));
    for (const name of disconnected)
      await attempt('reconnect an instance to its former network', name, this.#reconnect(before, name));
  }

  async #reconnect(before: ContainerInspect, name: NetworkRef): Promise<void> {
    const { Id: container } = before;
    const endpoint = formerEndpoint(before, name);
    try {
      await this.#engine.networks.connect(name, { container, endpoint });
    } catch (error) {
      // The network was removed, and the connection with it.
      if (isNoSuchNetwork(error)) return;
      // The engine refuses a connection that exists: the disconnection had failed, or the answer was lost.
      if (!(await this.#isIn(container, name))) throw error;
    }
  }

  /** Disconnects a container from those of the named networks that a driver created. */
  async disconnect(
    container: ConnectedContainer,
    names: readonly NetworkRef[],
    signal?: AbortSignal,
  ): Promise<void> {
    const connections = container.NetworkSettings?.Networks ?? {};
    for (const name of new Set(names)) {
      if (connections[name] === undefined) continue;
      const network = await this.#bridges.find(name, signal);
      if (network !== undefined && !isOurs(network)) continue;
      signal?.throwIfAborted();
      await this.#disconnect(container.Id, name);
    }
  }

  async #connectExisting(
    container: ContainerInspect,
    planned: PlannedInterface,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { name, mac } = planned;
    signal?.throwIfAborted();
    const endpoint = {
      ...planned.endpoint,
      ...(mac === undefined ? {} : { MacAddress: mac }),
      DriverOpts: interfaceOptions(planned),
    };
    await this.#connect(container.Id, planned, endpoint, signal);
    if (!container.State.Running || mac === undefined) return;
    try {
      await this.#warnIfMacDiffers(container.Id, planned, mac, signal);
    } catch (error) {
      await this.#disconnect(container.Id, name);
      throw error;
    }
  }

  /** Connects a new container, which has never run, to one more network. */
  async connectNew(container: ContainerId, planned: PlannedInterface): Promise<void> {
    await this.#connect(container, planned, planned.endpoint, undefined);
  }

  async #connect(
    container: ContainerId,
    planned: PlannedInterface,
    endpoint: EndpointSpecification,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { name } = planned;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#engine.networks.connect(name, { container, endpoint });
        return;
      } catch (error) {
        if (await this.#settleFailedConnection(container, name, error)) return;
        if (!isNoSuchNetwork(error) || attempt === attempts) throw error;
        await this.#bridges.makeAll([planned], signal);
      }
    }
  }

  /**
   * Before API 1.54 engines set the MAC address of an interface only when they create the container. For an interface
   * connected later they generate one and report no error (20.10 keeps it for the container's first network only).
   */
  async #warnIfMacDiffers(
    container: ContainerId,
    { name, vif }: PlannedInterface,
    mac: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { NetworkSettings: settings } = await this.#engine.containers.inspect(container, { signal });
    const given = settings.Networks[name]?.MacAddress;
    if (given === undefined || given.toLowerCase() === mac.toLowerCase()) return;
    this.#logger.warn("the engine gave an interface a MAC address other than its port's", {
      port: vif.id,
      wanted: mac,
      given,
    });
  }

  /**
   * Determines whether a failed connection exists. If it does not, it disconnects the container, because the engine
   * remembers also a connection that failed and retries it at the next start.
   *
   * @returns whether the connection exists.
   * @throws the original failure when the state cannot be determined.
   */
  async #settleFailedConnection(
    container: ContainerId,
    name: NetworkRef,
    failure: unknown,
  ): Promise<boolean> {
    try {
      if (mayHaveSucceeded(failure) && (await this.#isIn(container, name))) return true;
      await this.#disconnect(container, name);
      return false;
    } catch (error) {
      this.#logger.error('could not roll back a failed connection', { container, network: name, error });
      throw failure;
    }
  }

  async #disconnect(container: ContainerId, name: NetworkRef): Promise<void> {
    try {
      await this.#engine.networks.disconnect(name, { container, force: true });
    } catch (error) {
      if (isDisconnected(error)) return;
      if (mayHaveSucceeded(error) && !(await this.#isIn(container, name))) return;
      throw error;
    }
  }

  async #isIn(container: ContainerId, name: NetworkRef): Promise<boolean> {
    const { NetworkSettings: settings } = await this.#engine.containers.inspect(container);
    return settings.Networks[name] !== undefined;
  }
}

/**
 * The interfaces of a plan that a container lacks, or has with other addresses or in another network.
 *
 * @param ready - the networks of the plan.
 */
export function interfacesToConnect(
  container: ContainerInspect,
  plan: readonly PlannedInterface[],
  ready: ReadonlyMap<NetworkRef, ReadyNetwork>,
): PlannedInterface[] {
  return plan.filter((planned) => !isAsPlanned(container, planned, ready.get(planned.name)?.id));
}

/** Whether a container is in a network with the addresses of its port. */
function isAsPlanned(
  container: ContainerInspect,
  { name, vif }: PlannedInterface,
  network: NetworkId | undefined,
): boolean {
  const { NetworkSettings: settings, State: state } = container;
  const connection = settings.Networks[name];
  if (connection === undefined || !isOfPort(container, name, vif)) return false;
  const { NetworkID: id } = connection;
  // A container that does not run gets the network's id only when it is first started.
  return id === undefined ? !state.Running : id === network;
}

/**
 * Validates the addresses of interfaces that a running container is about to get. The engine checks them too, but it
 * remembers a refused connection of a running container: it cannot be removed before the container has ended, and the
 * next start fails (20.10 to 28.5). A container that does not run is validated when it starts.
 *
 * @throws FixedIpInvalidOnHost when the container runs and another container has one of the addresses.
 */
export function validateAddressesFree(
  { Id: container, State: state }: ContainerInspect,
  toConnect: readonly PlannedInterface[],
  ready: ReadonlyMap<NetworkRef, ReadyNetwork>,
): void {
  if (!state.Running) return;
  for (const planned of toConnect)
    validateAddressFree(planned, container, ready.get(planned.name)?.members ?? {});
}

function validateAddressFree(
  { endpoint, vif }: PlannedInterface,
  container: ContainerId,
  members: ReadyNetwork['members'],
): void {
  const wanted = Object.values(endpoint.IPAMConfig ?? {});
  const taken = Object.entries(members)
    .filter(([neighbour]) => neighbour !== container)
    .flatMap(([, neighbour]) => [neighbour.IPv4Address, neighbour.IPv6Address])
    .map((address) => address?.replace(/\/\d+$/, ''))
    .find((address) => address !== undefined && wanted.includes(address));
  if (taken !== undefined)
    throw new FixedIpInvalidOnHost(`The fixed address ${taken} of port ${vif.id} is taken`);
}

/**
 * Whether a container's interface in a network belongs to a port: all addresses requested for it are fixed addresses of
 * the port, and so is its MAC address, if the driver recorded one. The one that an engine shows does not count: it may
 * have generated it.
 */
export function isOfPort(container: RecordedContainer, name: NetworkRef, { address, network }: VIF): boolean {
  const endpoint = container.NetworkSettings.Networks[name];
  if (endpoint === undefined) return false;
  const { mac, addresses = requestedAddresses(endpoint) } = recordedInterface(container, name) ?? {};
  const fixed = (network.subnets ?? []).flatMap(({ ips }) => (ips ?? []).map(({ address: ip }) => ip));
  if (!addresses.every((each) => fixed.includes(each))) return false;
  return !mac || !address || mac.toLowerCase() === address.toLowerCase();
}

/** The endpoint by which a container gets an interface back. */
function formerEndpoint(before: ContainerInspect, name: NetworkRef): EndpointSpecification {
  const endpoint = before.NetworkSettings.Networks[name];
  if (endpoint === undefined) return {};
  const { IPAMConfig: asked, DriverOpts: options, GwPriority: priority } = endpoint;
  const mac = recordedInterface(before, name)?.mac ?? endpoint.MacAddress;
  return {
    IPAMConfig: {
      ...(asked?.IPv4Address === undefined ? {} : { IPv4Address: asked.IPv4Address }),
      ...(asked?.IPv6Address === undefined ? {} : { IPv6Address: asked.IPv6Address }),
    },
    ...(mac === undefined ? {} : { MacAddress: mac }),
    DriverOpts: options,
    ...(typeof priority === 'number' ? { GwPriority: priority } : {}),
  };
}

/** The container is not in the network, or the container or network is gone. */
function isDisconnected(error: unknown): boolean {
  return (
    isNotFound(error) || (error instanceof EngineError && engineWords.notConnected.test(error.engineMessage))
  );
}
