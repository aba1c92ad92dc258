import type { NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect } from '../../engine/index.js';
import { startContainer } from '../../instances/index.js';
import { takeTurn } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';

/**
 * Starts a container that an instance has, when the engine has time for another launch: in the networks that
 * `network_info` names, and in no others of the driver's; in those that it is in when nobody says. One that runs goes
 * on. When it fails, the container is in the networks that it was in.
 *
 * @param before - what has to be done before, when it is known that the networks can be had.
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
      await takeTurn(node.launches, signal, async () => {
        await connect();
        await node.networks.startIn(container.Id, network_info, () =>
          startContainer(node.engine, container, signal),
        );
      });
    },
    signal,
  );
}

/** How an instance goes on after a move. */
interface Continuation {
  readonly network_info: NetworkInfo;
  readonly power_on: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts a container that an instance has after a move, or only connects it: one that stays off starts in its networks
 * later.
 *
 * @param before - what has to be done before, when it is known that the networks can be had.
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
 * Starts a container that was made in its networks, in the turn of a launch that its caller has.
 *
 * @param container - by its id alone if it never ran.
 */
export async function startMade(
  { engine, networks }: ComputeNode,
  container: ContainerId | ContainerInspect,
  network_info: NetworkInfo | null | undefined,
): Promise<void> {
  const id = typeof container === 'string' ? container : container.Id;
  await networks.startIn(id, network_info, () => startContainer(engine, container));
}
