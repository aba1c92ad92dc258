import type { ContainerInspect, NetworkRef } from '../engine/index.js';
import type { BridgeNetworks } from './bridge-networks.js';
import type { Connections } from './connections.js';
import type { PlannedInterface } from './network-plan.js';

/** What a {@link Reconnection} changes. */
interface ConnectionChange {
  readonly container: ContainerInspect;
  /** The container's interfaces after the change. */
  readonly plan: readonly PlannedInterface[];
  /** The interfaces of the plan that the container lacks. */
  readonly toConnect: readonly PlannedInterface[];
  readonly toDisconnect: readonly NetworkRef[];
  readonly signal: AbortSignal | undefined;
}

/**
 * A change of an existing container's interfaces. The networks exist and are held until the caller calls {@link keep}
 * or {@link abandon}; the container is unchanged until {@link connect}.
 */
export class Reconnection {
  readonly #bridges: BridgeNetworks;
  readonly #connections: Connections;
  readonly #change: ConnectionChange;
  readonly #held: readonly NetworkRef[];
  #restore: (() => Promise<void>) | undefined;

  /** @param change - its networks are held already. */
  constructor(bridges: BridgeNetworks, connections: Connections, change: ConnectionChange) {
    this.#bridges = bridges;
    this.#connections = connections;
    this.#change = change;
    this.#held = change.plan.map(({ name }) => name);
  }

  /** Changes the container's interfaces. On failure it restores them. */
  async connect(): Promise<void> {
    const { container, toDisconnect, toConnect, signal } = this.#change;
    this.#restore = await this.#connections.change(container, toDisconnect, toConnect, signal);
  }

  /**
   * Ends the change after a success: removes the networks that the container was disconnected from, if they are unused. The caller's work
   * is done, so a failure is only logged, and an abort is ignored.
   */
  async keep(): Promise<void> {
    this.#bridges.release(this.#held);
    await this.#bridges.tidy(this.#change.toDisconnect);
  }

  /** Restores the container's interfaces, and removes the networks that are unused. Failures are logged. */
  async abandon(): Promise<void> {
    await this.#restore?.();
    await this.#bridges.abandon(this.#held);
  }
}
