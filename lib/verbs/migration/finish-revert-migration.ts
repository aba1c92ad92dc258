import type { Instance, NetworkInfo } from '../../../interfaces/index.js';
import { InstanceNotFound, task_states } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect } from '../../engine/index.js';
import { removeInstanceImages } from '../../images/index.js';
import {
  findInstance,
  findKeptContainer,
  isResizePending,
  removeContainer,
  restoreKeptContainer,
  undoResize,
} from '../../instances/index.js';
import type { ComputeNode } from '../definition/index.js';
import { goOn } from '../steps/index.js';

/** How an instance comes back. */
interface Return {
  readonly network_info: NetworkInfo;
  readonly power_on: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * On the host that an instance has left, or that has changed its flavor: it is again as it was, however far the
 * migration came. May be repeated.
 *
 * @throws InstanceNotFound when it never was here.
 */
export async function finishRevertMigration(
  node: ComputeNode,
  instance: Instance,
  { network_info, power_on, signal }: Return,
): Promise<void> {
  const { engine, host, states: notes } = node;
  const kept = await findKeptContainer(engine, host, instance, signal);
  const current = await findInstance(engine, host, instance, signal);
  const own = kept ?? current;
  if (own === undefined)
    throw new InstanceNotFound(`Instance ${instance.uuid} has not left this host`, {
      instance_uuid: instance.uuid,
    });
  await goOn(node, own, { network_info, power_on, signal }, async () => {
    if (kept === undefined) await undoResize(engine, notes, instance, own, signal);
    else await replace(node, instance, current, kept);
  });
}

/** Lets the container that was put aside be the instance again, in the place of the one that came after it. */
async function replace(
  { engine }: ComputeNode,
  instance: Instance,
  current: ContainerInspect | undefined,
  kept: ContainerInspect,
): Promise<void> {
  if (current !== undefined) {
    await removeContainer(engine, current.Id);
    await removeInstanceImages(engine, instance.uuid, [current.Image]);
  }
  await restoreKeptContainer(engine, instance, kept);
}

/**
 * The container that {@link finishRevertMigration} will need. Nova destroys an instance where it had arrived before it
 * is taken back where it had left, and both may be this host.
 *
 * @returns undefined when the instance is not about to be taken back here.
 */
export async function neededForRevert(
  { engine, host, states: notes }: ComputeNode,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<ContainerId | undefined> {
  if (instance.task_state !== task_states.RESIZE_REVERTING) return undefined;
  const kept = await findKeptContainer(engine, host, instance, signal);
  if (kept !== undefined) return kept.Id;
  const current = await findInstance(engine, host, instance, signal);
  return current !== undefined && (await isResizePending(notes, instance, current, signal))
    ? current.Id
    : undefined;
}
