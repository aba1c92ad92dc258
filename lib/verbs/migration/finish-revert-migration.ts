import type { FinishRevertMigrationOptions, Instance, NetworkInfo } from '../../../interfaces/index.js';
import { InstanceNotFound, MigrationError, task_states } from '../../../interfaces/index.js';
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
import { type ComputeNode, type OfInstance, schemas, type Verb } from '../definition/index.js';
import { continueAfterMove, prepareReconnection, Rollback } from '../steps/index.js';

/**
 * Runs on the source host, or on the only host of a resize: restores the instance, however far the migration has come.
 * Idempotent.
 *
 * @throws InstanceNotFound when the instance was never on this host.
 */
export const finishRevertMigration: Verb<
  OfInstance & Readonly<Record<'network_info', NetworkInfo>>,
  FinishRevertMigrationOptions,
  void
> = {
  action: 'revert the migration of',
  lock: 'instance',
  failure: MigrationError,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, { instance, network_info, power_on = true, signal }) => {
    const { engine, host, states } = node;
    const kept = await findKeptContainer(engine, host, instance, signal);
    const current = await findInstance(engine, host, instance, signal);
    const own = kept ?? current;
    if (own === undefined)
      throw new InstanceNotFound(`Instance ${instance.uuid} has not left this host`, {
        instance_uuid: instance.uuid,
      });
    await using rollback = new Rollback(node, instance.uuid);
    const reconnection = await prepareReconnection(node, own, network_info, rollback, signal);
    if (kept === undefined) await undoResize(engine, states, instance, own, signal);
    else await replace(node, instance, current, kept);
    await continueAfterMove(node, own, reconnection, { network_info, power_on, signal });
    rollback.complete();
    await reconnection.keep();
  },
};

/** Restores the container that was set aside, and removes its successor. */
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
 * Finds the container that {@link finishRevertMigration} will need. To revert, Nova first destroys the instance on the
 * destination host and then restores it on the source host, and both may be this host.
 *
 * @returns undefined unless the instance is about to be restored on this host.
 */
export async function neededForRevert(
  { engine, host, states }: ComputeNode,
  instance: Instance,
  signal: AbortSignal | undefined,
): Promise<ContainerId | undefined> {
  if (instance.task_state !== task_states.RESIZE_REVERTING) return undefined;
  const kept = await findKeptContainer(engine, host, instance, signal);
  if (kept !== undefined) return kept.Id;
  const current = await findInstance(engine, host, instance, signal);
  return current !== undefined && (await isResizePending(states, instance, current, signal))
    ? current.Id
    : undefined;
}
