import type { Instance, NetworkInfo } from '../../interfaces/index.js';
import type { ContainerInspect, ContainerRef, NetworkRef } from '../engine/index.js';
import { isNetworkRef, isNotFound } from '../engine/index.js';
import { containerName, instanceRecord, removeContainer, stopContainer } from '../instances/index.js';
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
  const container = containerName(instance.uuid);
  const found = await ownContainer(node, container);
  if (found === undefined)
    node.logger.warn('the instance to destroy has no container on this host', { instance: instance.uuid });
  else if (what.destroy_disks) await removeContainer(node.engine, container);
  else await stopContainer(node.engine, container, { timeout: 0, retry_interval: 0 });
  if (!what.destroy_vifs) return;
  if (found !== undefined && !what.destroy_disks) await node.networks.unplug(container, what.network_info);
  await node.networks.removeUnused([
    ...networksOf(found),
    ...what.network_info.map(({ network }) => networkName(network.id)),
  ]);
}

/** The instance's container; undefined when there is none, or it is another host's. */
async function ownContainer(
  node: ComputeNode,
  container: ContainerRef,
): Promise<ContainerInspect | undefined> {
  try {
    const found = await node.engine.containers.inspect(container);
    return instanceRecord(found.Config.Labels)?.host === node.host ? found : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function networksOf(container: ContainerInspect | undefined): NetworkRef[] {
  return Object.keys(container?.NetworkSettings.Networks ?? {}).filter(isNetworkRef);
}
