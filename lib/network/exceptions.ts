import type { NovaExceptionOptions } from '../../interfaces/index.js';
import { HypervisorUnavailable, NovaException } from '../../interfaces/index.js';
import { EngineError } from '../engine/index.js';

/**
 * What the engine or the plan of the network refuses, as the exception of one verb; what only says that the engine
 * cannot be reached, or that the caller gave up, as it is.
 */
export function interfaceFailure(
  error: unknown,
  failure: new (message: string, options?: NovaExceptionOptions) => NovaException,
  what: string,
): unknown {
  if (error instanceof HypervisorUnavailable) return error;
  if (error instanceof EngineError) return new failure(`${what}: ${error.engineMessage}`, { cause: error });
  if (error instanceof NovaException) return new failure(`${what}: ${error.message}`, { cause: error });
  return error;
}
