import type { Instance, NovaException, NovaExceptionOptions } from '../../../interfaces/index.js';
import {
  ComputeResourcesUnavailable,
  HypervisorUnavailable,
  ImageUnacceptable,
  isNovaException,
} from '../../../interfaces/index.js';
import { EngineError, engineWords, isNoSuchContainer, isUnreachable } from '../../engine/index.js';
import { codeOf, DeadlineExceeded } from '../../streams/index.js';
import { instanceNotFound } from './instance-not-found.js';

/** The exception class for the failure of a verb. */
export type VerbFailure = new (message: string, options?: NovaExceptionOptions) => NovaException;

/**
 * Converts any error to the exception that Nova handles. `ComputeHost` calls it for what a verb throws. Code that knows
 * more converts an engine's error earlier, and its exception passes. In this room: `launch-failure.ts` (a refused
 * create or start), `create-container.ts`, `crash-dump.ts`, `freeze-container.ts`, `console-output.ts`,
 * `validate-volumes.ts`, `rescued-folder.ts` and `files/`. In `images`: `load-image.ts` and `transfer/`. In `network`:
 * `exceptions.ts`.
 *
 * @param verb - the verb that failed.
 * @param instance - the verb's instance; undefined for a verb of the host.
 * @param failure - the exception class for a refusal of the engine.
 */
export function toNovaException(
  error: unknown,
  verb: string,
  instance: Instance | undefined,
  failure: VerbFailure,
): NovaException {
  if (isNovaException(error)) return withInstance(error, instance);
  const options = instance === undefined ? { cause: error } : { cause: error, instance_uuid: instance.uuid };
  const subject = instance === undefined ? '' : ` instance ${instance.uuid}`;
  if (instance !== undefined && isNoSuchContainer(error)) return instanceNotFound(instance, error);
  if (isAddressTaken(error))
    return new ComputeResourcesUnavailable(
      `Could not ${verb}${subject}: a fixed address is taken on this host: ${error.engineMessage}`,
      options,
    );
  const why = error instanceof Error ? error.message : String(error);
  const message = `Could not ${verb}${subject}: ${why}${advice(error)}`;
  return isUnreachable(error) || error instanceof DeadlineExceeded
    ? new HypervisorUnavailable(message, options)
    : new failure(message, options);
}

/** Adds the instance to an ImageUnacceptable. It makes a copy, because several instances may share the exception. */
function withInstance(error: NovaException, instance: Instance | undefined): NovaException {
  if (instance === undefined || error.instance_uuid !== undefined) return error;
  if (Reflect.getPrototypeOf(error) !== ImageUnacceptable.prototype) return error;
  const options = { cause: error.cause, instance_uuid: instance.uuid };
  const exception = new ImageUnacceptable(error.message, options);
  if (error.stack !== undefined) exception.stack = error.stack;
  return exception;
}

const refusedAccess =
  'This process may not write to the socket: it must run as root or in the group that the socket belongs to, mostly docker';
const noEngineListens =
  'No engine listens there: start one, or say where it is with the option engine or the variable DOCKER_HOST';

/** Advice for an unreachable engine, by the error code of the connection. */
const advices: Readonly<Record<string, string>> = {
  EACCES: refusedAccess,
  EPERM: refusedAccess,
  ENOENT: noEngineListens,
  ECONNREFUSED: noEngineListens,
};

function advice(error: unknown): string {
  const known = isUnreachable(error) ? advices[codeOf(error.cause) ?? ''] : undefined;
  return known === undefined ? '' : `. ${known}`;
}

/**
 * Another container has the address. The engine reports it only when it starts the container.
 * Neutron assigns each address once, so the other container is unknown to Neutron and in a network of this engine. On
 * another host the address may be free.
 */
function isAddressTaken(error: unknown): error is EngineError {
  return error instanceof EngineError && engineWords.addressTaken.test(error.engineMessage);
}
