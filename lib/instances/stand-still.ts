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

/** What {@link StandStill} needs of a compute node. */
interface StandstillEnvironment {
  readonly engine: Engine;
  readonly states: InstanceStateStore;
  readonly logger: Logger;
}

/**
 * A pause of an instance's container, which the caller must {@link end}. If this driver dies meanwhile, a record makes
 * the next driver unfreeze the container.
 */
export class StandStill {
  readonly #environment: StandstillEnvironment;
  readonly #uuid: string;
  readonly #container: ContainerId;
  #isFrozen = false;

  private constructor(environment: StandstillEnvironment, uuid: string, container: ContainerId) {
    this.#environment = environment;
    this.#uuid = uuid;
    this.#container = container;
  }

  /** Freezes a container. One that is already frozen or does not run stays as it is, also in the end. */
  static async begin(
    environment: StandstillEnvironment,
    { uuid }: Pick<Instance, 'uuid'>,
    { Id: container, State: state }: ContainerInspect,
    signal?: AbortSignal,
  ): Promise<StandStill> {
    const stillness = new StandStill(environment, uuid, container);
    if (state.Status !== 'running') return stillness;
    await environment.states.write(uuid, 'suspended', { [label.stillRun]: state.StartedAt }, signal);
    stillness.#isFrozen = true;
    try {
      // Without the signal: the engine may still pause after an abort, and the container would stay frozen.
      await pauseContainer(environment.engine, container);
      return stillness;
    } catch (error) {
      await stillness.end();
      throw error;
    }
  }

  /** Unfreezes the container, without a signal: an abort must not leave the instance frozen. Idempotent. */
  async end(): Promise<void> {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    const { engine, states, logger } = this.#environment;
    await wake(engine, this.#container);
    try {
      await states.remove(this.#uuid, 'suspended');
    } catch (error) {
      // The snapshot has its own result. The instance's next pause, suspension or `init_host` removes the record.
      logger.warn("could not remove the record of a snapshot's pause", {
        instance: this.#uuid,
        error,
      });
    }
  }
}

/** Whether a record is one of {@link StandStill}. */
export function isOfStandstill(values: Readonly<Record<string, string>>): boolean {
  return values[label.stillRun] !== undefined;
}

/**
 * Unfreezes an instance that a driver had frozen for {@link StandStill} when it died, and removes the record. If the
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
