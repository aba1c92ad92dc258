import type { NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect } from '../../engine/index.js';
import { startContainer } from '../../instances/index.js';
import { runInQueue } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';

/**
 * Starts an existing container, within the limit on concurrent launches. Among the driver's networks it is connected to
 * exactly those that `network_info` names; if `network_info` is undefined or null, to those that it already has. A
 * running container keeps running. On failure, the container has its former networks.
 *
 * @param before - runs before the change, once it is certain that the networks can be used.
 */
export async function connectAndStart(
  node: ComputeNode,
  container: ContainerInspect,
  network_info: NetworkInfo | null | undefined,
  signal?: AbortSignal,
  before?: () => Promise<void>,
): Promise<void> {
  await node.networks.follow(
    container,
    network_info,
    async (connect) => {
      await before?.();
      await runInQueue(node.launches, signal, async () => {
        await connect();
        await node.networks.startIn(container.Id, network_info, () =>
          startContainer(node.engine, container, signal),
        );
      });
    },
    signal,
  );
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
 *
 * @param before - runs before the change, once it is certain that the networks can be used.
 */
export async function goOn(
  node: ComputeNode,
  container: ContainerInspect,
  { network_info, power_on, signal }: Continuation,
  before?: () => Promise<void>,
): Promise<void> {
  if (power_on) {
    await connectAndStart(node, container, network_info, signal, before);
    return;
  }
  const connectOnly = async (connect: () => Promise<void>): Promise<void> => {
    await before?.();
    await connect();
  };
  await node.networks.follow(container, network_info, connectOnly, signal);
}

/**
 * Starts a container that was created in its networks. The caller already counts towards the limit on concurrent
 * launches.
 *
 * @param container - only its id if it never ran.
 */
export async function startMade(
  { engine, networks }: ComputeNode,
  container: ContainerId | ContainerInspect,
  network_info: NetworkInfo | null | undefined,
): Promise<void> {
  const id = typeof container === 'string' ? container : container.Id;
  await networks.startIn(id, network_info, () => startContainer(engine, container));
}
