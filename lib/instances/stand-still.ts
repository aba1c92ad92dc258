import type { Instance } from '../../interfaces/index.js';
import { InstanceInvalidState } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine } from '../engine/index.js';
import { undefinedIfNotFound } from '../engine/index.js';
import { label } from '../common/index.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';
import { isSuspended } from './suspension.js';

/**
 * Runs work while an instance's container is frozen. A container that is already frozen or does not run stays as it is.
 * If this driver dies meanwhile, a record makes the next driver unfreeze the container.
 */
export async function whileStill(
  engine: Engine,
  notes: InstanceStateStore,
  { uuid }: Pick<Instance, 'uuid'>,
  { Id: container, State: state }: ContainerInspect,
  work: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (state.Status !== 'running') {
    await work();
    return;
  }
  await notes.write(uuid, 'still', { [label.suspendedRun]: state.StartedAt }, signal);
  try {
    // Without the signal: the engine may still pause after an abort, and the container would stay frozen.
    await pauseContainer(engine, container);
    await work();
  } finally {
    // Without the signal: an abort must not leave the instance frozen.
    await wake(engine, container);
    await notes.remove(uuid, 'still');
  }
}

/**
 * Unfreezes an instance that a driver had frozen for {@link whileStill} when it died.
 *
 * @param container - a paused container.
 */
export async function wakeLeftStill(
  engine: Engine,
  notes: InstanceStateStore,
  uuid: string,
  container: ContainerId,
  signal?: AbortSignal,
): Promise<void> {
  const note = await notes.read(uuid, 'still', signal);
  if (note === undefined) return;
  const found = await undefinedIfNotFound(engine.containers.inspect(container, { signal }));
  const isStill = found?.State.Paused === true && note[label.suspendedRun] === found.State.StartedAt;
  // A driver that died after it had woken the instance leaves the note; the user may have suspended it since.
  if (isStill && !(await isSuspended(notes, { uuid }, found, signal))) await wake(engine, container);
  await notes.remove(uuid, 'still', signal);
}

/** Unfreezes a container; no-op if it has ended meanwhile. */
async function wake(engine: Engine, container: ContainerId): Promise<void> {
  try {
    await unpauseContainer(engine, container);
  } catch (error) {
    if (!(error instanceof InstanceInvalidState)) throw error;
  }
}
