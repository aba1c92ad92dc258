import { type Instance, InstanceExists } from '../../interfaces/index.js';
import {
  type ContainerId,
  type ContainerInspect,
  type ContainerRef,
  type ContainerSpecification,
  type Engine,
  type Patience,
  EngineError,
  ifThere,
  isBadRequest,
  isConflict,
  isUnreachable,
  mayHaveBeenDone,
  untilSettled,
} from '../engine/index.js';
import { isIncomplete } from './incomplete-container.js';
import { refusedContainer } from './image-fault.js';
import { type SpawnAttempt, instanceRecord } from './instance-labels.js';
import { removeContainer } from './start-and-stop.js';

/** How long it may be unknown what became of a request. */
const patience: Patience = { patience: 10_000, interval: 100 };

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
  let failure: unknown;
  const create = async (): Promise<ContainerId | undefined> => {
    try {
      return (await engine.containers.create({ name, specification })).id;
    } catch (error) {
      if (isBadRequest(error)) throw refusedContainer(error);
      if (mayHaveBeenDone(error)) failure = error;
      else if (!isConflict(error)) throw error;
      failure ??= error;
      return undefined;
    }
  };
  const adoptOrCreate = async (): Promise<ContainerId | undefined> => {
    const occupant = await ifThere(engine.containers.inspect(name)).catch((error: unknown) => {
      // A refusal to tell leaves it open what became of the request.
      throw error instanceof EngineError ? failure : error;
    });
    if (occupant === undefined) return await create();
    if (isOfAttempt(occupant, attempt)) return occupant.Id;
    if (isLeft(occupant, instance, attempt)) {
      await removeContainer(engine, occupant.Id);
      return await create();
    }
    if (occupant.State.Status !== 'removing') throw nameTaken(name, instance, failure);
    return undefined;
  };
  const id = (await create()) ?? (await untilSettled(engine, patience, adoptOrCreate).catch(undetermined));
  if (id === undefined) throw failure;
  return id;
}

/** Passes over what says no more than that the engine could not tell: what the request failed with says more. */
function undetermined(error: unknown): undefined {
  if (!isUnreachable(error) && !mayHaveBeenDone(error)) throw error;
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
  await untilSettled(engine, patience, async () => {
    for (const name of names) {
      const occupant = await ifThere(engine.containers.inspect(name));
      if (occupant === undefined || !isOfAttempt(occupant, attempt)) continue;
      await removeContainer(engine, occupant.Id);
      return true;
    }
    return mayAppear ? undefined : true;
  });
}

/** Whether a container is what a spawn of this host, or a removal, left that did not come to its end. */
function isLeft(occupant: ContainerInspect, instance: Instance, attempt: SpawnAttempt): boolean {
  const record = instanceRecord(occupant.Config.Labels);
  const { Status: status } = occupant.State;
  const isOurs = record?.uuid === instance.uuid && record.host === attempt.host;
  return isOurs && (status === 'removing' || status === 'dead' || isIncomplete(record, occupant));
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
