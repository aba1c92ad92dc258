import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerInspect } from '../../engine/index.js';
import { removeSuspension, unpauseContainer } from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';
import { connectAndStart, prepareReconnection } from './connect-and-start.js';
import { Rollback } from './rollback.js';

/**
 * Makes an instance run, connected to its networks: a paused or suspended instance is unfrozen and keeps its memory, a
 * stopped one is started.
 *
 * The `suspended` flag is removed last, so that a retry still finds it. It is also removed from an instance that was
 * unfrozen outside Nova, which would otherwise count as suspended the next time it is paused.
 */
export async function ensureRunning(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (container.State.Paused) {
    await using rollback = new Rollback(node, instance.uuid);
    const reconnection = await prepareReconnection(node, container, network_info, rollback, signal);
    await reconnection.connect();
    await unpauseContainer(node.engine, container.Id, signal);
    rollback.complete();
    await reconnection.keep();
  } else await connectAndStart(node, container, network_info, signal);
  await removeSuspension(node, instance);
}
