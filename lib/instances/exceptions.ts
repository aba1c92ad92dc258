import type { Instance, NovaExceptionOptions } from '../../interfaces/index.js';
import {
  FixedIpInvalidOnHost,
  HypervisorUnavailable,
  InstanceNotFound,
  NovaException,
} from '../../interfaces/index.js';
import { EngineError, isNotFound, isUnreachable } from '../engine/index.js';
import { DeadlineExceeded } from '../streams/index.js';

/** The exception that says that a certain verb failed. */
export type VerbFailure = new (message: string, options?: NovaExceptionOptions) => NovaException;

/**
 * The one place where an error of the engine becomes the exception that Nova acts upon.
 *
 * @param verb - what was tried.
 * @param failure - what it means when the engine refuses.
 */
export function novaException(
  error: unknown,
  verb: string,
  instance: Instance,
  failure: VerbFailure,
): NovaException {
  if (error instanceof NovaException) return error;
  const options = { cause: error, instance_uuid: instance.uuid };
  if (isNoSuchContainer(error))
    return new InstanceNotFound(`Instance ${instance.uuid} could not be found`, options);
  if (isAddressTaken(error))
    return new FixedIpInvalidOnHost(
      `A fixed address of instance ${instance.uuid} is taken: ${error.engineMessage}`,
      options,
    );
  const why = error instanceof Error ? error.message : String(error);
  const message = `Could not ${verb} instance ${instance.uuid}: ${why}`;
  return isUnreachable(error) || error instanceof DeadlineExceeded
    ? new HypervisorUnavailable(message, options)
    : new failure(message, options);
}

/** The engine has no such container. The words tell it from a network or an image that is missing ("No such container: …", 20.10 to 28.5). */
export function isNoSuchContainer(error: unknown): error is EngineError {
  return isNotFound(error) && /no such container/i.test(error.engineMessage);
}

/** Another container has the address. The engine says so only when it starts the container (403, 20.10 to 28.5). */
function isAddressTaken(error: unknown): error is EngineError {
  return error instanceof EngineError && /address already in use/i.test(error.engineMessage);
}
