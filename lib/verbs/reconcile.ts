import { isHalfMade, listContainersOfHost, removeContainer } from '../instances/index.js';
import type { ComputeNode } from './compute-node.js';

/**
 * Puts right what a crash left on the host: instances half made by a spawn or half removed by a destroy, images under way, networks that nobody is
 * in. Instances that are whole are taken over as they are.
 */
export async function reconcile(node: ComputeNode): Promise<void> {
  const instances = await listContainersOfHost(node.engine, node.host);
  const removed: string[] = [];
  for (const { record, container } of instances) {
    const { Id: id } = container;
    const halfRemoved = container.State === 'removing' || container.State === 'dead';
    const halfMade =
      container.State === 'created' && isHalfMade(record, await node.engine.containers.inspect(id));
    if (!halfRemoved && !halfMade) continue;
    await removeContainer(node.engine, id);
    removed.push(record.uuid);
  }
  await node.imageLoader.removeLeftovers();
  await node.networks.removeLeftovers();
  node.logger.info('reconciled the host with its engine', {
    host: node.host,
    adopted: instances.length - removed.length,
    removed,
  });
}
