import type { Instance } from '../../interfaces/index.js';
import { InstanceInvalidState, InstanceSuspendFailure } from '../../interfaces/index.js';
import type { ContainerInspect, Engine } from '../engine/index.js';
import { label } from '../common/index.js';
import { findInstance } from './find-instance.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';

/*
 * To the engine a suspended instance is a paused one: all processes stand still, their memory is kept. A note tells the
 * two apart, also to the next driver. It is written before the container is frozen and removed after it has been woken,
 * so that a suspended instance never lacks it; a crash in between leaves a note of an instance that runs, which means
 * nothing. It names the start of the container that it is about, so that it means nothing either when the instance has
 * been started anew since, by whomever.
 */

/** Whether an instance is suspended. Nothing is asked of the engine unless it is frozen. */
export async function isSuspended(
  notes: InstanceStateStore,
  { uuid }: Pick<Instance, 'uuid'>,
  { State: state }: ContainerInspect,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!state.Paused) return false;
  const note = await notes.read(uuid, 'suspended', signal);
  return note?.[label.suspendedRun] === state.StartedAt;
}

/**
 * Whether an instance that was frozen a moment ago was suspended, whatever it does by now. The note comes first: most
 * that are frozen are just paused, and have none.
 */
export async function wasSuspended(
  engine: Engine,
  host: string,
  notes: InstanceStateStore,
  uuid: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const note = await notes.read(uuid, 'suspended', signal);
  if (note === undefined) return false;
  const container = await findInstance(engine, host, { uuid }, signal);
  return container !== undefined && note[label.suspendedRun] === container.State.StartedAt;
}

/**
 * Suspends an instance; one that is suspended stays so, and one that is paused is suspended from then on.
 *
 * @throws InstanceSuspendFailure when it does not run.
 */
export async function suspendInstance(
  engine: Engine,
  notes: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  if (await isSuspended(notes, instance, container, signal)) return;
  const { Id: id, State: state } = container;
  if (!state.Running)
    throw new InstanceSuspendFailure(
      `Instance ${instance.uuid} is ${state.Status}: it has no memory to keep`,
      {
        instance_uuid: instance.uuid,
      },
    );
  await notes.write(instance.uuid, 'suspended', { [label.suspendedRun]: state.StartedAt }, signal);
  await pauseContainer(engine, id, signal);
}

/**
 * Pauses an instance; one that is paused stays so. What a crash may have left noted of it while it ran is removed
 * first.
 *
 * @throws InstanceInvalidState when it does not run, or is suspended.
 */
export async function pauseInstance(
  engine: Engine,
  notes: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await mustNotBeSuspended(notes, instance, container, signal);
  if (container.State.Status === 'running') await notes.remove(instance.uuid, 'suspended', signal);
  await pauseContainer(engine, container.Id, signal);
}

/**
 * Lets a paused instance go on; one that runs does so.
 *
 * @throws InstanceInvalidState when it does not run at all, or is suspended.
 */
export async function unpauseInstance(
  engine: Engine,
  notes: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<void> {
  await mustNotBeSuspended(notes, instance, container, signal);
  await unpauseContainer(engine, container.Id, signal);
}

async function mustNotBeSuspended(
  notes: InstanceStateStore,
  instance: Instance,
  container: ContainerInspect,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await isSuspended(notes, instance, container, signal))
    throw new InstanceInvalidState(`Instance ${instance.uuid} is suspended: resume it`, {
      instance_uuid: instance.uuid,
    });
}
