import type { Instance, NetworkInfo } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { unpauseContainer } from '../instances/index.js';
import { connectAndStart } from './steps/index.js';
import type { ComputeNode } from './definition/index.js';

/**
 * Makes an instance run, in its networks: one that is frozen, paused or suspended, goes on with its memory, one that is
 * off is started. That it was suspended is forgotten last, so that repeating finds it is; also of one that
 * somebody else has woken, which would count as suspended when it is frozen again.
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
  await node.states.remove(instance.uuid, 'suspended', signal);
}
