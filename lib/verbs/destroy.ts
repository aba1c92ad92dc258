import type { Instance, NetworkInfo } from '../../interfaces/index.js';
import type { ContainerInspect, NetworkRef } from '../engine/index.js';
import { isNetworkRef } from '../engine/index.js';
import { findInstance, removeContainer, stopContainer } from '../instances/index.js';
import { networkName } from '../network/index.js';
import type { ComputeNode } from './compute-node.js';

/** What of an instance is to go. */
export interface Destruction {
  readonly network_info: NetworkInfo;
  /** Its file system; else it is only stopped and disconnected, for a later host or verb to find. */
  readonly destroy_disks: boolean;
  /** Its interfaces. */
  readonly destroy_vifs: boolean;
}

/** Removes an instance, or what is left of it. What is gone already is no error. */
export async function destroy(node: ComputeNode, instance: Instance, what: Destruction): Promise<void> {
  const found = await findInstance(node.engine, node.host, instance);
  const networks = [...networksOf(found), ...what.network_info.map(({ network }) => networkName(network.id))];
  if (found === undefined)
    node.logger.warn('the instance to destroy has no container on this host', { instance: instance.uuid });
  else if (what.destroy_disks) await removeContainer(node.engine, found.Id);
  else await stopContainer(node.engine, found.Id, { timeout: 0, retry_interval: 0 });
  if (!what.destroy_vifs) return;
  if (!what.destroy_disks) await node.networks.unplug(found, what.network_info);
  await node.networks.removeUnused(networks);
}

function networksOf(container: ContainerInspect | undefined): NetworkRef[] {
  return Object.keys(container?.NetworkSettings.Networks ?? {}).filter(isNetworkRef);
}
