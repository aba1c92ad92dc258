import type { ContainerRef, NetworkId, NetworkRef } from './schemas/identifiers.js';
import { path } from './request-path.js';
import { networkCreated, networkInspect, type NetworkInspect } from './schemas/networks.js';
import type { CallOptions, Session } from './session.js';
import type { NetworkConnection, NetworkSpecification } from './specifications.js';

/**
 * Which networks a list has. Only keys that the engine is known to have: it ignores others and then lists everything.
 */
interface NetworkFilters {
  /** `name` or `name=value`; a network must match all. */
  readonly label?: readonly string[];
  /** Matched anywhere in the name. */
  readonly name?: readonly string[];
  readonly id?: readonly NetworkRef[];
  readonly driver?: readonly string[];
}

/** The networks of an engine. */
export class NetworksApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Makes a network.
   *
   * @throws EngineError 409 when the name is taken; 403 or 400 when the addresses overlap another network's.
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
        timeout: this.#session.timeouts.change,
        signal: options.signal,
      },
      networkCreated,
    );
    return { id: created.Id, warning: created.Warning ?? '' };
  }

  /** Tells all about a network, its containers included. */
  async inspect(network: NetworkRef, options: CallOptions = {}): Promise<NetworkInspect> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/networks/${network}`,
        timeout: this.#session.timeouts.read,
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
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      networkInspect,
    );
  }

  /**
   * Puts a container into a network. For one that does not run the engine only makes a note, and (20.10) does not even
   * look whether there is such a network: its next start fails then.
   *
   * @throws EngineError 404 when there is no such network, 403 when the container is in it already or the address is
   * not the network's.
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
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /** Takes a container out of a network; `force` also one that the engine has lost sight of. */
  async disconnect(
    network: NetworkRef,
    options: CallOptions & { container: ContainerRef; force?: boolean },
  ): Promise<void> {
    await this.#session.status({
      method: 'POST',
      path: path`/networks/${network}/disconnect`,
      body: { Container: options.container, Force: options.force },
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }

  /** Removes a network. @throws EngineError 403 when containers are in it. */
  async remove(network: NetworkRef, options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'DELETE',
      path: path`/networks/${network}`,
      timeout: this.#session.timeouts.change,
      signal: options.signal,
    });
  }
}
