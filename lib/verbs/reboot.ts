import type { Instance, NetworkInfo, RebootType } from '../../interfaces/index.js';
import { reboot_type as rebootTypes } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { shutdownTimeout, startContainer, stopContainer } from '../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Reboots an instance from whatever state it is in: it ends up running, with its networks.
 *
 * SOFT gives it time to stop cleanly, and ends it when it has not, which is what HARD does at once.
 */
export async function reboot(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  network_info: NetworkInfo,
  reboot_type: RebootType,
  signal?: AbortSignal,
): Promise<void> {
  const timeout = reboot_type === rebootTypes.SOFT ? shutdownTimeout(instance) : 0;
  await stopContainer(node.engine, container.Id, { timeout, retry_interval: 0, signal });
  await node.networks.plug(container, network_info, signal);
  await startContainer(node.engine, container.Id);
}
