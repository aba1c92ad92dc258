import { type Instance, InstanceExists } from '../../../interfaces/index.js';
import {
  type ContainerId,
  type ContainerInspect,
  type ContainerRef,
  type ContainerSpecification,
  type Engine,
  type Polling,
  EngineError,
  undefinedIfNotFound,
  isBadRequest,
  isConflict,
  isUnreachable,
  mayHaveSucceeded,
  untilSettled,
} from '../../engine/index.js';
import { isUnfinished } from '../lookup/index.js';
import { refusedContainer } from '../errors/index.js';
import { type SpawnAttempt, containerName, instanceRecord } from '../specification/index.js';
import { removeContainer } from './remove-container.js';

/** How long to wait, in milliseconds, until the outcome of a request is known. */
const polling: Polling = { timeoutMs: 10_000, intervalMs: 100 };

/**
 * Creates a container of an instance.
 *
 * If the name is taken, the outcome depends on the container that has it:
 * - A container of this attempt is adopted: it was created, and the answer was lost.
 * - An incomplete or half-removed container of the instance on this host is replaced: a crash left it behind.
 * - The end of any other container that is being removed is awaited.
 * - Any other container stays, be it the instance or a foreign container: the creation fails.
 *
 * There is no signal: an engine completes a creation after its client has disconnected, so a rollback could run before
 * the container exists.
 *
 * @param name - the name of the instance's container, or of a secondary one (`nova-<uuid>.spawning`).
 * @param within - how long to wait until the outcome of the creation is known.
 * @throws ImageUnacceptable, InvalidInput, ComputeResourcesUnavailable when the engine refuses, see
 * {@link refusedContainer}.
 * @throws InstanceExists when the instance has a container that has run, or another container has the name.
 */
export async function createContainer(
  engine: Engine,
  name: ContainerRef,
  instance: Instance,
  specification: ContainerSpecification,
  attempt: SpawnAttempt,
  within: Polling = polling,
): Promise<ContainerId> {
  /** Why the outcome of the creation is unknown, to be thrown if it stays unknown. */
  let failure: unknown;
  /** @returns undefined when the outcome is unknown: the answer was lost, or the name is taken. */
  const create = async (): Promise<ContainerId | undefined> => {
    try {
      return (await engine.containers.create({ name, specification })).id;
    } catch (error) {
      if (isBadRequest(error)) throw refusedContainer(error);
      const isAnswerLost = mayHaveSucceeded(error);
      if (!isAnswerLost && !isConflict(error)) throw error;
      // A lost answer stays the reason: the name may be taken since by the container of the lost answer.
      if (isAnswerLost || failure === undefined) failure = error;
      return undefined;
    }
  };
  const adoptOrCreate = async (): Promise<ContainerId | undefined> => {
    const occupant = await undefinedIfNotFound(engine.containers.inspect(name)).catch((error: unknown) => {
      // If the engine refuses the inspection, the outcome of the creation stays unknown: report that failure.
      throw error instanceof EngineError ? failure : error;
    });
    if (occupant === undefined) return await create();
    if (isOfAttempt(occupant, attempt)) return occupant.Id;
    if (isLeftover(occupant, instance, attempt)) {
      await removeContainer(engine, occupant.Id);
      return await create();
    }
    if (occupant.State.Status !== 'removing') throw nameTaken(name, instance, occupant, failure);
    return undefined;
  };
  const id =
    (await create()) ?? (await untilSettled(engine, within, adoptOrCreate).catch(ignoreIfUndetermined));
  if (id === undefined) throw failure;
  return id;
}

/** Ignores an error that only leaves the outcome unknown: the failure of the request itself says more. */
function ignoreIfUndetermined(error: unknown): undefined {
  if (!isUnreachable(error) && !mayHaveSucceeded(error)) throw error;
}

/**
 * Renames a container of an instance: to the instance's own name, which makes it the instance, or aside.
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
    if (!mayHaveSucceeded(error) && !isConflict(error)) throw error;
    const occupant = await undefinedIfNotFound(engine.containers.inspect(name));
    if (occupant?.Id === container) return;
    if (occupant === undefined) throw error;
    throw nameTaken(name, instance, occupant, error);
  }
}

/**
 * Validates that a name is free, before a verb starts a change that ends with giving a container this name.
 *
 * @throws InstanceExists when a container has the name.
 */
export async function validateNameFree(
  engine: Engine,
  name: ContainerRef,
  instance: Pick<Instance, 'uuid'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const occupant = await undefinedIfNotFound(engine.containers.inspect(name, { signal }));
  if (occupant !== undefined) throw nameTaken(name, instance, occupant, undefined);
}

/**
 * Removes the containers that an attempt to spawn created. It never removes an instance that existed before.
 *
 * @param failure - the error of the creation, if it failed: if the engine may still be creating the container, the
 * function waits for it.
 */
export async function discardAttempt(
  engine: Engine,
  names: readonly ContainerRef[],
  attempt: SpawnAttempt,
  failure: unknown,
): Promise<void> {
  const mayAppear = mayHaveSucceeded(failure) || isConflict(failure);
  await untilSettled(engine, polling, async () => {
    for (const name of names) {
      const occupant = await undefinedIfNotFound(engine.containers.inspect(name));
      if (occupant === undefined || !isOfAttempt(occupant, attempt)) continue;
      await removeContainer(engine, occupant.Id);
      return true;
    }
    return mayAppear ? undefined : true;
  });
}

/** Whether an incomplete spawn of this host, or an interrupted removal, left a container behind. */
function isLeftover(occupant: ContainerInspect, instance: Instance, attempt: SpawnAttempt): boolean {
  const record = instanceRecord(occupant.Config.Labels);
  return record?.uuid === instance.uuid && record.host === attempt.host && isUnfinished(occupant);
}

function isOfAttempt(container: ContainerInspect, attempt: SpawnAttempt): boolean {
  return instanceRecord(container.Config.Labels)?.attempt === attempt.id;
}

/** @param occupant - the container that has the name: of the instance on this or another host, or a foreign one. */
function nameTaken(
  name: ContainerRef,
  { uuid }: Pick<Instance, 'uuid'>,
  occupant: ContainerInspect,
  cause: unknown,
): InstanceExists {
  const record = instanceRecord(occupant.Config.Labels);
  const options = { cause, instance_uuid: uuid };
  if (record?.uuid !== uuid)
    return new InstanceExists(
      `The container name ${name} is taken by container ${occupant.Id}, which does not belong to instance ${uuid}: remove or rename that container`,
      options,
    );
  return new InstanceExists(
    name === containerName(uuid)
      ? `Instance ${uuid} exists already on host ${record.host}, as container ${name}: destroy it there first`
      : `The container name ${name} is taken by a container that another verb set aside on host ${record.host}: complete or revert that verb, or destroy the instance`,
    options,
  );
}
