import type { NetworkInfo } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { startContainer } from '../instances/index.js';
import { takeTurn } from '../streams/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Starts a container that an instance has, when the engine has time for another launch: in the networks that `network_info` names, and in no
 * others of the driver's; in those that it is in when nobody says. One that runs goes on.
 */
export async function connectAndStart(
  node: ComputeNode,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
): Promise<void> {
  await takeTurn(node.launches, signal, async () => {
    await node.networks.follow(container, network_info, signal);
    await node.networks.startIn(container.Id, network_info, () =>
      startContainer(node.engine, container, signal),
    );
  });
}
