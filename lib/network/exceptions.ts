import type { NovaException, NovaExceptionOptions } from '../../interfaces/index.js';
import { HypervisorUnavailable, isNovaException } from '../../interfaces/index.js';
import { EngineError } from '../engine/index.js';

/**
 * Wraps a refusal of the engine or of the network plan in the exception of one verb. Errors that say that the engine is
 * unreachable or that the caller aborted stay as they are.
 */
export function interfaceFailure(
  error: unknown,
  failure: new (message: string, options?: NovaExceptionOptions) => NovaException,
  what: string,
): unknown {
  if (error instanceof HypervisorUnavailable) return error;
  if (error instanceof EngineError) return new failure(`${what}: ${error.engineMessage}`, { cause: error });
  if (isNovaException(error)) return new failure(`${what}: ${error.message}`, { cause: error });
  return error;
}
