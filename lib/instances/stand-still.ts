import type { Instance } from '../../interfaces/index.js';
import { InstanceInvalidState } from '../../interfaces/index.js';
import type { ContainerId, ContainerInspect, Engine } from '../engine/index.js';
import { undefinedIfNotFound } from '../engine/index.js';
import { label } from '../common/index.js';
import { pauseContainer, unpauseContainer } from './freeze-container.js';
import type { InstanceStateStore } from './instance-state-store.js';
import { isSuspended } from './suspension.js';

/**
 * A pause of an instance's container, which the caller must {@link end}. If this driver dies meanwhile, a record makes
 * the next driver unfreeze the container.
 */
export class StandStill {
  readonly #engine: Engine;
  readonly #states: InstanceStateStore;
  readonly #uuid: string;
  readonly #container: ContainerId;
  #isFrozen = false;

  private constructor(engine: Engine, states: InstanceStateStore, uuid: string, container: ContainerId) {
    this.#engine = engine;
    this.#states = states;
    this.#uuid = uuid;
    this.#container = container;
  }

  /** Freezes a container. One that is already frozen or does not run stays as it is, also in the end. */
  static async begin(
    engine: Engine,
    states: InstanceStateStore,
    { uuid }: Pick<Instance, 'uuid'>,
    { Id: container, State: state }: ContainerInspect,
    signal?: AbortSignal,
  ): Promise<StandStill> {
    const stillness = new StandStill(engine, states, uuid, container);
    if (state.Status !== 'running') return stillness;
    await states.write(uuid, 'still', { [label.suspendedRun]: state.StartedAt }, signal);
    stillness.#isFrozen = true;
    try {
      // Without the signal: the engine may still pause after an abort, and the container would stay frozen.
      await pauseContainer(engine, container);
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
    await wake(this.#engine, this.#container);
    await this.#states.remove(this.#uuid, 'still');
  }
}

/**
 * Unfreezes an instance that a driver had frozen for {@link StandStill} when it died.
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
