import type { NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect } from '../../engine/index.js';
import { isNoSuchNetwork, undefinedIfNotFound } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { startContainer } from '../../instances/index.js';
import { networkNames, type Reconnection } from '../../network/index.js';
import { Slot } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';
import { Rollback } from './rollback.js';

/**
 * Starts an existing container, within the limit on concurrent launches. Among the driver's networks it is connected to
 * exactly those that `network_info` names; if `network_info` is undefined or null, to those that it already has. A
 * running container keeps running. On failure, the container has its former networks.
 */
export async function connectAndStart(
  node: ComputeNode,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
): Promise<void> {
  await using rollback = new Rollback(node, container.Config.Labels[label.instanceUuid] ?? '');
  const reconnection = await prepareReconnection(node, container, network_info, rollback, signal);
  await reconnectAndStart(node, container, network_info, reconnection, signal);
  rollback.complete();
  await reconnection.keep();
}

/**
 * Undoes the stop of a container that ran: starts it as it was connected. No-op when it runs, when it is gone, or when
 * it is not the instance any more.
 */
export async function startAgain(node: ComputeNode, { Id: id, Name: name }: ContainerInspect): Promise<void> {
  const now = await undefinedIfNotFound(node.engine.containers.inspect(id));
  if (now?.Name === name && !now.State.Running) await connectAndStart(node, now, undefined);
}

/**
 * Prepares that a container's interfaces become those of `network_info`: creates the networks, and fails if they cannot
 * be used. The container itself stays unchanged.
 */
export async function prepareReconnection(
  { networks }: ComputeNode,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  rollback: Rollback,
  signal?: AbortSignal,
): Promise<Reconnection> {
  const reconnection = await networks.prepareReconnection(container, network_info, signal);
  rollback.push('the preparation of its networks', () => reconnection.abandon());
  return reconnection;
}

/** Connects an existing container and starts it, within the limit on concurrent launches. */
export async function reconnectAndStart(
  node: ComputeNode,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  reconnection: Reconnection,
  signal?: AbortSignal,
): Promise<void> {
  using _slot = await Slot.acquire(node.launches, signal);
  await reconnection.connect();
  await startInNetworks(node, container, network_info, signal);
}

/** How an instance continues after a move. */
interface Continuation {
  readonly network_info: NetworkInfo;
  readonly power_on: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects an existing container after a move, and starts it if `power_on` is set. A container that stays off has its
 * networks ready for a later start.
 */
export async function continueAfterMove(
  node: ComputeNode,
  container: ContainerInspect,
  reconnection: Reconnection,
  { network_info, power_on, signal }: Continuation,
): Promise<void> {
  if (power_on) await reconnectAndStart(node, container, network_info, reconnection, signal);
  else await reconnection.connect();
}

/**
 * Starts a container that is connected to its networks. The caller already counts towards the limit on concurrent
 * launches.
 *
 * Another host's driver on the same engine may have removed a network before the container was in it. The network is
 * then created anew, and stays: every driver now finds the container in it. So each network is missing once at most.
 *
 * @param container - only its id if it never ran.
 */
export async function startInNetworks(
  { engine, networks }: ComputeNode,
  container: ContainerId | ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const id = typeof container === 'string' ? container : container.Id;
  for (let missed = 0; ; missed += 1) {
    try {
      await startContainer(engine, container, signal);
      return;
    } catch (error) {
      if (!isNoSuchNetwork(error) || missed >= networkNames(network_info).length) throw error;
      await networks.plug(await engine.containers.inspect(id), network_info);
    }
  }
}
