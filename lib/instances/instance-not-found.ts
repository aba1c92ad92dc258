import { type Instance, InstanceNotFound } from '../../interfaces/index.js';
import { type EngineError, engineWords, isNotFound } from '../engine/index.js';

/** The exception for an instance that has no container on this host. */
export function instanceNotFound({ uuid }: Pick<Instance, 'uuid'>, cause?: unknown): InstanceNotFound {
  return new InstanceNotFound(`Instance ${uuid} could not be found`, { cause, instance_uuid: uuid });
}

/** The engine does not have the container. The message distinguishes this 404 from a missing network or image. */
export function isNoSuchContainer(error: unknown): error is EngineError {
  return isNotFound(error) && engineWords.noSuchContainer.test(error.engineMessage);
}
