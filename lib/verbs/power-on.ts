import type { Instance, NetworkInfo } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { unpauseContainer } from '../instances/index.js';
import { connectAndStart, logFailure } from './steps/index.js';
import type { ComputeNode } from './definition/index.js';

/**
 * Makes an instance run, connected to its networks: a paused or suspended instance is unfrozen and keeps its memory, a
 * stopped one is started.
 *
 * The `suspended` flag is removed last, so that a retry still finds it. It is also removed from an instance that was
 * unfrozen outside Nova, which would otherwise count as suspended the next time it is paused.
 */
export async function powerOn(
  node: ComputeNode,
  instance: Instance,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (container.State.Paused) {
    const wake = async (connect: () => Promise<void>): Promise<void> => {
      await connect();
      await unpauseContainer(node.engine, container.Id, signal);
    };
    await node.networks.follow(container, network_info, wake, signal);
  } else await connectAndStart(node, container, network_info, signal);
  await logFailure(node, instance, 'the record of a suspension', () =>
    node.states.remove(instance.uuid, 'suspended'),
  );
}
