import type { Instance, LongRunningOptions, NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect, ContainerRef } from '../../engine/index.js';
import { containerRef } from '../../engine/index.js';
import type { asideSuffix } from '../../instances/index.js';
import {
  adoptName,
  containerName,
  containerPartName,
  isSuspended,
  validateNameFree,
  pauseInstance,
  stopContainer,
  suspendInstance,
} from '../../instances/index.js';
import { Slot } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';
import { connectAndStart, startInNetworks } from './connect-and-start.js';
import { Rollback } from './rollback.js';

/** A container of an instance, which another one is to replace. */
export interface Replaced extends LongRunningOptions {
  readonly instance: Instance;
  /** The stopped container that is the instance until then. */
  readonly old: ContainerInspect;
  /** The role in which the old container is set aside. */
  readonly aside: (typeof asideSuffix)[keyof typeof asideSuffix];
  readonly network_info: NetworkInfo;
}

/**
 * Registers the undo of a replacement, before it begins: the old container becomes the instance again, and is running,
 * paused or suspended as before.
 *
 * @throws InstanceExists when another container already has the name under which the old one would be set aside: then
 * nothing was changed.
 */
export async function restoreOnRollback(
  node: ComputeNode,
  { instance, old, aside, signal }: Replaced,
  rollback: Rollback,
): Promise<void> {
  await validateNameFree(node.engine, containerPartName(instance.uuid, aside), instance, signal);
  const freeze = (await isSuspended(node.states, instance, old, signal)) ? suspendInstance : pauseInstance;
  rollback.pushRestore('the replacement of its container', async () => {
    const now = await ensureName(node, instance, old.Id, containerName(instance.uuid));
    // For an engine, a paused container runs, and starting it fails. No `network_info` is passed, so that the
    // container keeps its interfaces.
    if (old.State.Running && !now.State.Running) await connectAndStart(node, now, undefined);
    if (old.State.Paused && !now.State.Paused)
      await freeze(node.engine, node.states, instance, await node.engine.containers.inspect(old.Id));
  });
}

/**
 * Makes a container the instance in place of the old one, and starts it. After a crash in between, the containers'
 * names tell how to complete or roll back the swap.
 */
export async function swapIn(
  node: ComputeNode,
  container: ContainerId | ContainerInspect,
  { instance, old, aside, network_info, signal, onProgress }: Replaced,
): Promise<void> {
  const { engine, launches } = node;
  const id = typeof container === 'string' ? container : container.Id;
  signal?.throwIfAborted();
  await adoptName(engine, old.Id, containerPartName(instance.uuid, aside), instance);
  await adoptName(engine, id, containerName(instance.uuid), instance);
  onProgress?.({ phase: 'starting', bytes: 0 });
  using _slot = await Slot.acquire(launches, signal);
  await startInNetworks(node, container, network_info);
  signal?.throwIfAborted();
}

/** Like {@link swapIn}, for a container that was set aside. On failure, it is set aside again. */
export async function swapBack(
  node: ComputeNode,
  container: ContainerInspect,
  replaced: Replaced,
): Promise<void> {
  await using rollback = new Rollback(node, replaced.instance.uuid);
  // This container must give up the name before the other is restored.
  rollback.pushRestore('the return of its former container', async () => {
    await stopContainer(node, container.Id, { timeout: 0, retry_interval: 0 });
    await ensureName(node, replaced.instance, container.Id, containerRef(container.Name.slice(1)));
  });
  await swapIn(node, container, replaced);
  rollback.complete();
}

/**
 * Logs that the clean-up after a replacement failed. The verb has succeeded: the next verb that replaces the instance's
 * container, or `init_host`, removes what is left.
 *
 * @param what - the leftovers, as a noun phrase.
 */
export function warnOfLeftovers(
  { logger }: ComputeNode,
  { uuid }: Instance,
  what: string,
  error: unknown,
): void {
  logger.warn(`could not remove ${what}`, { instance: uuid, error });
}

/**
 * Gives a container a name, unless it already has it.
 *
 * @returns the container as it was before.
 */
async function ensureName(
  { engine }: ComputeNode,
  instance: Instance,
  container: ContainerId,
  name: ContainerRef,
): Promise<ContainerInspect> {
  const found = await engine.containers.inspect(container);
  if (found.Name !== `/${name}`) await adoptName(engine, container, name, instance);
  return found;
}
