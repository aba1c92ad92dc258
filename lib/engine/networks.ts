import type { ContainerRef, NetworkId, NetworkRef } from './schemas/identifiers.js';
import { path } from './request-path.js';
import { networkCreated, networkInspect, type NetworkInspect } from './schemas/networks.js';
import type { CallOptions, Session } from './session.js';
import type { NetworkConnection, NetworkSpecification } from './specifications.js';

/**
 * A list filter: a network must match one value of every key. Only supported keys are declared: engines ignore an
 * unknown key and then return every network.
 */
interface NetworkFilters {
  /** `name` or `name=value`; a network must match all. */
  readonly label?: readonly string[];
  /** Substrings of the name. */
  readonly name?: readonly string[];
  readonly id?: readonly NetworkRef[];
  readonly driver?: readonly string[];
}

/** The `/networks` API of an engine. */
export class NetworksApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Creates a network.
   *
   * @throws EngineError 409 when the name is in use; 403 or 400 when the addresses overlap another network's.
   */
  async create(
    specification: NetworkSpecification,
    options: CallOptions = {},
  ): Promise<{ id: NetworkId; warning: string }> {
    const created = await this.#session.json(
      {
        method: 'POST',
        path: path`/networks/create`,
        body: specification,
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      networkCreated,
    );
    return { id: created.Id, warning: created.Warning ?? '' };
  }

  /** Inspects a network, including its containers. */
  async inspect(network: NetworkRef, options: CallOptions = {}): Promise<NetworkInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/networks/${network}`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      networkInspect,
    );
  }

  /** Lists networks. */
  async list(options: CallOptions & { filters?: NetworkFilters } = {}): Promise<NetworkInspect[]> {
    return this.#session.list(
      {
        method: 'GET',
        path: path`/networks`,
        query: { filters: options.filters },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      networkInspect,
    );
  }

  /**
   * Connects a container to a network. For a stopped container the engine only records the connection. 20.10 does not
   * even check that the network exists: the container's next start then fails.
   *
   * @throws EngineError 404 when the network does not exist; 403 when the container is already connected, or the
   * address is outside the network.
   */
  async connect(
    network: NetworkRef,
    connection: NetworkConnection,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/networks/${network}/connect`,
      body: { Container: connection.container, EndpointConfig: connection.endpoint },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /** Disconnects a container from a network. `force` also removes a stale endpoint. */
  async disconnect(
    network: NetworkRef,
    options: CallOptions & { container: ContainerRef; force?: boolean },
  ): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/networks/${network}/disconnect`,
      body: { Container: options.container, Force: options.force },
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }

  /** Removes a network. @throws EngineError 403 when containers are connected to it. */
  async remove(network: NetworkRef, options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/networks/${network}`,
      timeout: this.#session.timeouts.changeMs,
      signal: options.signal,
    });
  }
}
