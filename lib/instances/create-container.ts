import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance, NovaException } from '../../interfaces/index.js';
import { ImageUnacceptable, InstanceExists, InvalidInput } from '../../interfaces/index.js';
import type { ContainerInspect, ContainerSpecification, Engine, EngineError } from '../engine/index.js';
import { isBadRequest, isConflict, isNotFound, isUnreachable } from '../engine/index.js';
import { containerName } from './container-name.js';
import type { Birth } from './instance-labels.js';
import { instanceRecord } from './instance-labels.js';
import { removeContainer } from './remove-container.js';
import { isHalfMade } from './half-made.js';

/** How often to ask, and how long to wait in between, when it is not known what became of a request. */
const attempts = 50;
const pause = 100;

/**
 * Creates an instance's container.
 *
 * The name is taken: a container of this very attempt is the one whose answer was lost, and is adopted; one of an earlier spawn that
 * was never started is what a crash left, and is replaced; any other is an instance.
 *
 * The caller's signal is not heeded: an engine goes on creating when its client is gone, and undoing would find nothing yet.
 *
 * @throws ImageUnacceptable when the image has no command and the instance gives none; InvalidInput when the engine can make no such container.
 * @throws InstanceExists when the instance has a container that has run, or the name belongs to somebody else.
 */
export async function createContainer(
  engine: Engine,
  instance: Instance,
  specification: ContainerSpecification,
  birth: Birth,
): Promise<void> {
  const name = containerName(instance.uuid);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await engine.containers.create({ name, specification });
      return;
    } catch (error) {
      if (isBadRequest(error)) throw refusal(error);
      const answerLost = isUnreachable(error) && error.maybeDone;
      if (attempt === attempts || !(answerLost || isConflict(error))) throw error;
      const occupant = await inspectOrNothing(engine, instance);
      if (occupant === undefined) {
        // Taken, and not there: it is still being made, or still being removed.
        await sleep(pause);
        continue;
      }
      const record = instanceRecord(occupant.Config.Labels);
      const ours = record?.uuid.toLowerCase() === instance.uuid.toLowerCase() && record.host === birth.host;
      if (ours && record.attempt === birth.attempt) return;
      if (!ours || !isHalfMade(record, occupant.State))
        throw new InstanceExists(
          `The container name ${name} is taken by ${ours ? 'the instance itself' : 'a container of somebody else'}`,
          {
            cause: error,
            instance_uuid: instance.uuid,
          },
        );
      await removeContainer(engine, occupant.Id);
    }
  }
}

/**
 * Removes what an attempt to spawn made, and nothing else: an instance that was there before stays.
 */
export async function discardAttempt(engine: Engine, instance: Instance, birth: Birth): Promise<void> {
  const occupant = await inspectOrNothing(engine, instance);
  if (occupant === undefined || instanceRecord(occupant.Config.Labels)?.attempt !== birth.attempt) return;
  await removeContainer(engine, occupant.Id);
}

async function inspectOrNothing(engine: Engine, instance: Instance): Promise<ContainerInspect | undefined> {
  try {
    return await engine.containers.inspect(containerName(instance.uuid));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function refusal(error: EngineError): NovaException {
  return /no command specified/i.test(error.engineMessage)
    ? new ImageUnacceptable('The image has no command: set its property os_command_line', { cause: error })
    : new InvalidInput(`The engine can make no such container: ${error.engineMessage}`, { cause: error });
}
