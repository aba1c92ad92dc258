import type { Instance, Logger } from '../../interfaces/index.js';
import { InstanceInvalidState } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine } from '../engine/index.js';
import { undefinedIfNotFound } from '../engine/index.js';
import { label } from '../common/index.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';

/*
 * An instance has one record of why its container is frozen: suspended by the user, or paused for a snapshot. So the
 * verbs that pause, suspend or resume the instance replace or remove the record of a snapshot whose driver died, and no
 * later driver unfreezes what the user has frozen since.
 */

/** What {@link whileStill} needs of a compute node. */
interface StandstillEnvironment {
  readonly engine: Engine;
  readonly states: InstanceStateStore;
  readonly logger: Logger;
}

/**
 * Runs work while an instance's container is frozen. A container that is already frozen or does not run stays as it is.
 * If this driver dies meanwhile, a record makes the next driver unfreeze the container.
 */
export async function whileStill(
  { engine, states, logger }: StandstillEnvironment,
  { uuid }: Pick<Instance, 'uuid'>,
  { Id: container, State: state }: ContainerInspect,
  work: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (state.Status !== 'running') {
    await work();
    return;
  }
  await states.write(uuid, 'suspended', { [label.stillRun]: state.StartedAt }, signal);
  try {
    // Without the signal: the engine may still pause after an abort, and the container would stay frozen.
    await pauseContainer(engine, container);
    await work();
  } finally {
    // Without the signal: an abort must not leave the instance frozen.
    await wake(engine, container);
    await states.remove(uuid, 'suspended').catch((error: unknown) => {
      // The work has its own result. The instance's next pause, suspension or `init_host` removes the record.
      logger.warn("the record of a snapshot's pause could not be removed: it is left", {
        instance: uuid,
        error,
      });
    });
  }
}

/** Whether a record is one of {@link whileStill}. */
export function isOfStandstill(values: Readonly<Record<string, string>>): boolean {
  return values[label.stillRun] !== undefined;
}

/**
 * Unfreezes an instance that a driver had frozen for {@link whileStill} when it died, and removes the record. If the
 * instance is not frozen, it only removes the record, so that no later pause by other tools is taken for the driver's.
 * Between such a crash and this repair, a pause by other tools cannot be distinguished from the driver's.
 *
 * @param containers - the instance's containers.
 */
export async function endLeftStandstill(
  engine: Engine,
  states: InstanceStateStore,
  uuid: string,
  containers: readonly ContainerId[],
  signal?: AbortSignal,
): Promise<void> {
  // A verb may have replaced the record since it was listed.
  const record = await states.read(uuid, 'suspended', signal);
  if (record === undefined || !isOfStandstill(record)) return;
  for (const container of containers) {
    const found = await undefinedIfNotFound(engine.containers.inspect(container, { signal }));
    if (found?.State.Paused === true && record[label.stillRun] === found.State.StartedAt)
      await wake(engine, container);
  }
  await states.remove(uuid, 'suspended', signal);
}

/** Unfreezes a container; no-op if it has ended meanwhile. */
async function wake(engine: Engine, container: ContainerId): Promise<void> {
  try {
    await unpauseContainer(engine, container);
  } catch (error) {
    if (!(error instanceof InstanceInvalidState)) throw error;
  }
}
