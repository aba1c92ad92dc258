import type { Instance } from '../../interfaces/index.js';
import { InstanceExists } from '../../interfaces/index.js';
import type {
  ContainerId,
  ContainerInspect,
  ContainerRef,
  ContainerSpecification,
  Engine,
} from '../engine/index.js';
import { EngineError, ifThere, isBadRequest, isConflict, mayHaveBeenDone } from '../engine/index.js';
import { pause } from '../streams/index.js';
import type { SpawnAttempt } from './instance-labels.js';
import { instanceRecord } from './instance-labels.js';
import { isHalfMade } from './half-made.js';
import { refusedContainer } from './refused-container.js';
import { removeContainer } from './remove-container.js';

/** How long it may be unknown what became of a request, and how often to ask, in milliseconds. */
const patience = 10_000;
const interval = 100;

/**
 * Creates a container of an instance.
 *
 * The name is taken: a container of this very attempt is the one whose answer was lost, and is adopted; one of an
 * earlier attempt that did not come to its end, or whose removal did not, is what a crash left, and is replaced; one
 * that is being removed is waited for; any other is an instance.
 *
 * The caller's signal is not heeded: an engine goes on creating when its client is gone, and undoing would find nothing
 * yet.
 *
 * @param name - the instance's own name, or that of one of its parts.
 * @throws ImageUnacceptable, InvalidInput, ComputeResourcesUnavailable for what the engine refuses, see
 * {@link refusedContainer}.
 * @throws InstanceExists when the instance has a container that has run, or the name belongs to somebody else.
 */
export async function createContainer(
  engine: Engine,
  name: ContainerRef,
  instance: Instance,
  specification: ContainerSpecification,
  attempt: SpawnAttempt,
): Promise<ContainerId> {
  const end = performance.now() + patience;
  let lost: unknown;
  for (;;) {
    try {
      return (await engine.containers.create({ name, specification })).id;
    } catch (error) {
      if (isBadRequest(error)) throw refusedContainer(error);
      if (mayHaveBeenDone(error)) lost = error;
      const isOpen = isConflict(error) || mayHaveBeenDone(error);
      // An answer tells what became of the request, but neither a name that is taken nor an engine that is away does.
      if (!isOpen && error instanceof EngineError) throw error;
      if (!isOpen || performance.now() > end) throw lost ?? error;
      const occupant = await ifThere(engine.containers.inspect(name));
      if (occupant === undefined) {
        // Taken, and not there: it is still being made, or still being removed.
        await pause(interval, undefined);
        continue;
      }
      if (isOfAttempt(occupant, attempt)) return occupant.Id;
      if (isLeft(occupant, instance, attempt)) await removeContainer(engine, occupant.Id);
      else if (occupant.State.Status === 'removing') await pause(interval, undefined);
      else throw nameTaken(name, instance, error);
    }
  }
}

/**
 * Gives a container that is ready the instance's own name, by which it becomes the instance.
 *
 * @throws InstanceExists when another container has the name.
 */
export async function adoptName(
  engine: Engine,
  container: ContainerId,
  name: ContainerRef,
  instance: Pick<Instance, 'uuid'>,
): Promise<void> {
  try {
    await engine.containers.rename(container, { name });
  } catch (error) {
    if (!mayHaveBeenDone(error) && !isConflict(error)) throw error;
    const occupant = await ifThere(engine.containers.inspect(name));
    if (occupant?.Id === container) return;
    if (occupant === undefined) throw error;
    throw nameTaken(name, instance, error);
  }
}

/**
 * For a verb that is about to change something before it gives a container this name.
 *
 * @throws InstanceExists when there is a container of the name.
 */
export async function nameMustBeFree(
  engine: Engine,
  name: ContainerRef,
  instance: Pick<Instance, 'uuid'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const occupant = await ifThere(engine.containers.inspect(name, { signal }));
  if (occupant !== undefined) throw nameTaken(name, instance, undefined);
}

/**
 * Removes what an attempt to spawn made, and nothing else: an instance that was there before stays.
 *
 * @param failure - what creating failed with, if it did: when the engine may be about to make the container still, it
 * is waited for.
 */
export async function discardAttempt(
  engine: Engine,
  names: readonly ContainerRef[],
  attempt: SpawnAttempt,
  failure: unknown,
): Promise<void> {
  const mayAppear = mayHaveBeenDone(failure) || isConflict(failure);
  const end = performance.now() + patience;
  for (;;) {
    try {
      for (const name of names) {
        const occupant = await ifThere(engine.containers.inspect(name));
        if (occupant === undefined || !isOfAttempt(occupant, attempt)) continue;
        await removeContainer(engine, occupant.Id);
        return;
      }
    } catch (error) {
      if (!mayHaveBeenDone(error) || performance.now() > end) throw error;
    }
    if (!mayAppear || performance.now() > end) return;
    await pause(interval, undefined);
  }
}

/** Whether a container is what a spawn of this host, or a removal, left that did not come to its end. */
function isLeft(occupant: ContainerInspect, instance: Instance, attempt: SpawnAttempt): boolean {
  const record = instanceRecord(occupant.Config.Labels);
  const { Status: status } = occupant.State;
  const isOurs = record?.uuid === instance.uuid && record.host === attempt.host;
  return isOurs && (status === 'removing' || status === 'dead' || isHalfMade(record, occupant));
}

function isOfAttempt(container: ContainerInspect, attempt: SpawnAttempt): boolean {
  return instanceRecord(container.Config.Labels)?.attempt === attempt.id;
}

function nameTaken(name: ContainerRef, instance: Pick<Instance, 'uuid'>, cause: unknown): InstanceExists {
  return new InstanceExists(`The container name ${name} is taken: the instance is there already`, {
    cause,
    instance_uuid: instance.uuid,
  });
}
