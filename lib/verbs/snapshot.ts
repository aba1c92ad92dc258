import type { Instance, RequestContext, SnapshotOptions, UpdateTaskState } from '../../interfaces/index.js';
import { InstanceNotRunning } from '../../interfaces/index.js';
import { isNotFound } from '../engine/index.js';
import { uploadSnapshot } from '../images/index.js';
import { containerName, metadataEnvironment } from '../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Saves an instance's file system as an image that can be booted.
 *
 * @throws InstanceNotRunning when the host has no such instance, as Nova's interface demands; one that is stopped can be saved.
 */
export async function snapshot(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  image_id: string,
  update_task_state: UpdateTaskState,
  options: SnapshotOptions,
): Promise<void> {
  const container = containerName(instance.uuid);
  await node.engine.containers.inspect(container, { signal: options.signal }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new InstanceNotRunning(`Instance ${instance.uuid} is not on this host`, {
      cause: error,
      instance_uuid: instance.uuid,
    });
  });
}
