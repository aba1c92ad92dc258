import type { Instance, Logger } from '../../../interfaces/index.js';
import { InstanceInvalidState, InstanceSuspendFailure } from '../../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { findInstance } from '../lookup/index.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';
import { isOfSnapshotPause } from './snapshot-pause.js';

/*
 * To the engine a suspended instance is a paused container: its processes are frozen and its memory is kept. A record
 * in the state store marks it as suspended, also for the next driver.
 *
 * The same record may belong to a snapshot's pause instead, see `SnapshotPause`: the verbs below replace or remove it.
 *
 * The record is written before the container is frozen and removed after it was unfrozen, so a suspended instance
 * always has it. A crash in between leaves a record of a running instance, which is ignored. The record contains the
 * container's start time, so it is also ignored after the instance was started anew, by the driver or by hand.
 */

/** Whether an instance is suspended. It reads the record only if the instance is frozen. */
export async function isSuspended(
  states: InstanceStateStore,
  { uuid }: Pick<Instance, 'uuid'>,
  { State: state }: ContainerInspect,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!state.Paused) return false;
  const stored = await states.read(uuid, 'suspended', signal);
  return stored?.[label.suspendedRun] === state.StartedAt;
}

/**
 * Whether an instance that was just frozen was suspended, whatever its state now. It reads the record first: most
 * frozen instances are only paused and have none.
 */
export async function wasSuspended(
  engine: Engine,
  host: string,
  states: InstanceStateStore,
  uuid: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const stored = await states.read(uuid, 'suspended', signal);
  if (stored === undefined) return false;
  const container = await findInstance(engine, host, { uuid }, signal);
  return container !== undefined && stored[label.suspendedRun] === container.State.StartedAt;
}

/**
 * Suspends an instance; no-op if it is suspended. A paused instance becomes suspended.
 *
 * @throws InstanceSuspendFailure when it does not run.
 */
export async function suspendInstance(
  engine: Engine,
  states: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  if (await isSuspended(states, instance, container, signal)) return;
  const { Id: id, State: state } = container;
  if (!state.Running)
    throw new InstanceSuspendFailure(
      `Instance ${instance.uuid} is ${state.Status}: only a running instance can be suspended`,
      {
        instance_uuid: instance.uuid,
      },
    );
  await states.write(instance.uuid, 'suspended', { [label.suspendedRun]: state.StartedAt }, signal);
  await pauseContainer(engine, id, signal);
}

/**
 * Pauses an instance; no-op if it is paused. First it removes the record that a crash may have left of a running
 * instance, of a suspension or of a snapshot's pause.
 *
 * @throws InstanceInvalidState when it does not run or is suspended.
 */
export async function pauseInstance(
  engine: Engine,
  states: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await validateNotSuspended(states, instance, container, signal);
  if (container.State.Status === 'running') await states.remove(instance.uuid, 'suspended', signal);
  await pauseContainer(engine, container.Id, signal);
}

/**
 * Unpauses an instance; no-op if it runs. Removes the record of a snapshot's pause too.
 *
 * @throws InstanceInvalidState when it is stopped or suspended.
 */
export async function unpauseInstance(
  engine: Engine,
  states: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await validateNotSuspended(states, instance, container, signal);
  await unpauseContainer(engine, container.Id, signal);
}

/** Removes the record that an instance is suspended. The instance already runs, so a failure is logged only. */
export async function removeSuspension(
  { states, logger }: { readonly states: InstanceStateStore; readonly logger: Logger },
  { uuid }: Pick<Instance, 'uuid'>,
): Promise<void> {
  try {
    await states.remove(uuid, 'suspended');
  } catch (error) {
    logger.warn('could not remove the record of a suspension', { instance: uuid, error });
  }
}

/** Also removes the record of a snapshot's pause, if the instance is still frozen by it. */
async function validateNotSuspended(
  states: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { Paused: isPaused, StartedAt: started } = container.State;
  const record = isPaused ? await states.read(instance.uuid, 'suspended', signal) : undefined;
  if (record?.[label.suspendedRun] === started)
    throw new InstanceInvalidState(`Instance ${instance.uuid} is suspended: resume it`, {
      instance_uuid: instance.uuid,
    });
  // From now on the pause is the user's: no driver may end it as one that a snapshot left.
  if (record !== undefined && isOfSnapshotPause(record))
    await states.remove(instance.uuid, 'suspended', signal);
}
