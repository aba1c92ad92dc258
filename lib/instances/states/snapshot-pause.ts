import type { Instance, Logger } from '../../../interfaces/index.js';
import { InstanceInvalidState } from '../../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine } from '../../engine/index.js';
import { type Polling, undefinedIfNotFound, untilSettled } from '../../engine/index.js';
import { label } from '../../common/index.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';

/*
 * An instance has one record of why its container is frozen: suspended by the user, or paused for a snapshot. So the
 * verbs that pause, suspend or resume the instance replace or remove the record of a snapshot whose driver died, and no
 * later driver unfreezes what the user has frozen since.
 */

/** What {@link SnapshotPause} needs of a compute node. */
interface SnapshotPauseEnvironment {
  readonly engine: Engine;
  readonly states: InstanceStateStore;
  readonly logger: Logger;
}

/** How long to try to unfreeze a container, in milliseconds. The instance's next verb waits meanwhile. */
const polling: Polling = { timeoutMs: 60_000, intervalMs: 500 };
/** The same in the background, where no verb waits. */
const backgroundPolling: Polling = { timeoutMs: 60 * 60_000, intervalMs: 5000, ref: false };

/**
 * A pause of an instance's container, which the caller must {@link end}. If this driver dies meanwhile, a record makes
 * the next driver unfreeze the container.
 */
export class SnapshotPause {
  readonly #environment: SnapshotPauseEnvironment;
  readonly #uuid: string;
  readonly #container: ContainerId;
  #isFrozen = false;

  private constructor(environment: SnapshotPauseEnvironment, uuid: string, container: ContainerId) {
    this.#environment = environment;
    this.#uuid = uuid;
    this.#container = container;
  }

  /** Freezes a container. One that is already frozen or does not run stays as it is, also in the end. */
  static async begin(
    environment: SnapshotPauseEnvironment,
    { uuid }: Pick<Instance, 'uuid'>,
    { Id: container, State: state }: ContainerInspect,
    signal?: AbortSignal,
  ): Promise<SnapshotPause> {
    const pause = new SnapshotPause(environment, uuid, container);
    if (state.Status !== 'running') return pause;
    await environment.states.write(uuid, 'suspended', { [label.snapshotPauseRun]: state.StartedAt }, signal);
    pause.#isFrozen = true;
    try {
      // Without the signal: the engine may still pause after an abort, and the container would stay frozen.
      await pauseContainer(environment.engine, container);
      return pause;
    } catch (error) {
      await pause.end();
      throw error;
    }
  }

  /**
   * Unfreezes the container, without a signal: an abort must not leave the instance frozen. While the engine does not
   * answer, this retries for a minute, and then in the background. Never throws: the snapshot has its own result.
   * Idempotent.
   */
  async end(): Promise<void> {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    const { engine, states, logger } = this.#environment;
    try {
      await untilSettled(engine, polling, async () => {
        await wake(engine, this.#container);
        return true;
      });
    } catch (error) {
      logger.error('could not unpause an instance after its snapshot: the driver retries in the background', {
        instance: this.#uuid,
        error,
      });
      void this.#endLater();
      return;
    }
    try {
      await states.remove(this.#uuid, 'suspended');
    } catch (error) {
      // The instance's next pause, suspension or `init_host` removes the record.
      logger.warn("could not remove the record of a snapshot's pause", {
        instance: this.#uuid,
        error,
      });
    }
  }

  /** Unfreezes the container, unless a verb has replaced the record meanwhile. Never throws. */
  async #endLater(): Promise<void> {
    const { engine, states, logger } = this.#environment;
    let failure: unknown;
    const isOver = await untilSettled(engine, backgroundPolling, async () => {
      try {
        await endLeftSnapshotPause(engine, states, this.#uuid, [this.#container]);
        return true;
      } catch (error) {
        failure = error;
        return undefined;
      }
    });
    if (isOver !== true)
      logger.error('could not unpause an instance after its snapshot: unpause it, or restart the driver', {
        instance: this.#uuid,
        error: failure,
      });
  }
}

/** Whether a record is one of {@link SnapshotPause}. */
export function isOfSnapshotPause(values: Readonly<Record<string, string>>): boolean {
  return values[label.snapshotPauseRun] !== undefined;
}

/**
 * Unfreezes an instance that a driver had frozen for {@link SnapshotPause} when it died, and removes the record. If the
 * instance is not frozen, it only removes the record, so that no later pause by other tools is taken for the driver's.
 * Between such a crash and this repair, a pause by other tools cannot be distinguished from the driver's.
 *
 * @param containers - the instance's containers.
 */
export async function endLeftSnapshotPause(
  engine: Engine,
  states: InstanceStateStore,
  uuid: string,
  containers: readonly ContainerId[],
  signal?: AbortSignal,
): Promise<void> {
  // A verb may have replaced the record since it was listed.
  const record = await states.read(uuid, 'suspended', signal);
  if (record === undefined || !isOfSnapshotPause(record)) return;
  for (const container of containers) {
    const found = await undefinedIfNotFound(engine.containers.inspect(container, { signal }));
    if (found?.State.Paused === true && record[label.snapshotPauseRun] === found.State.StartedAt)
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
