import type { Instance, LongRunningOptions, NetworkInfo } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect, ContainerRef } from '../../engine/index.js';
import { containerRef } from '../../engine/index.js';
import type { part } from '../../instances/index.js';
import {
  adoptName,
  containerName,
  containerPartName,
  isSuspended,
  nameMustBeFree,
  pauseInstance,
  stopContainer,
  suspendInstance,
} from '../../instances/index.js';
import { takeTurn } from '../../streams/index.js';
import type { ComputeNode } from '../definition/index.js';
import { connectAndStart, startMade } from './connect-and-start.js';
import { withRollback } from './rollback.js';

/** A container of an instance that another one is to replace. */
export interface Replaced extends LongRunningOptions {
  readonly instance: Instance;
  /** The container that is the instance now, which does not run. */
  readonly old: ContainerInspect;
  /** What it becomes. */
  readonly aside: (typeof part)[keyof typeof part];
  readonly network_info: NetworkInfo;
}

/**
 * Has a verb give an instance another container than the one that it has. When that fails, this one is the instance
 * again, and runs, is paused or suspended if it was.
 *
 * @throws InstanceExists when another container has the name that this one is to get: nothing is changed then.
 */
export async function restoreOnFailure(
  node: ComputeNode,
  { instance, old, aside, signal }: Replaced,
  work: () => Promise<void>,
): Promise<void> {
  await nameMustBeFree(node.engine, containerPartName(instance.uuid, aside), instance, signal);
  const freeze = (await isSuspended(node.states, instance, old, signal)) ? suspendInstance : pauseInstance;
  await withRollback(node.logger, async (undo) => {
    undo.push('that the instance is as it was', async () => {
      const now = await ensureName(node, instance, old.Id, containerName(instance.uuid));
      // To the engine, a frozen container runs, and it refuses to start one. Nobody says anything of its interfaces: it
      // has those that it had.
      if (old.State.Running && !now.State.Running) await connectAndStart(node, now, undefined);
      if (old.State.Paused && !now.State.Paused)
        await freeze(node.engine, node.states, instance, await node.engine.containers.inspect(old.Id));
    });
    await work();
  });
}

/**
 * Lets a container be the instance, in the place of the one that was, and starts it. A crash in between leaves the
 * names, which tell what to do.
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
  await takeTurn(launches, signal, () => startMade(node, container, network_info));
  signal?.throwIfAborted();
}

/**
 * Lets a container that was put aside be the instance again, in the same way. When that fails, it is aside as before.
 */
export async function swapBack(
  node: ComputeNode,
  container: ContainerInspect,
  replaced: Replaced,
): Promise<void> {
  await withRollback(node.logger, async (undo) => {
    undo.push('that a container is put aside', async () => {
      await stopContainer(node.engine, container.Id, { timeout: 0, retry_interval: 0 });
      await ensureName(node, replaced.instance, container.Id, containerRef(container.Name.slice(1)));
    });
    await swapIn(node, container, replaced);
  });
}

/**
 * Does what has nothing to do any more with what the verb was asked for, which is done. What it cannot remove is logged
 * and left, for the next verb that gives the instance another container, or for `init_host`.
 */
export async function logFailure(
  { logger }: ComputeNode,
  { uuid }: Instance,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn(`could not remove ${what}: it is left`, { instance: uuid, error });
  }
}

/** Gives a container a name that it may have already. @returns what it was before. */
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
