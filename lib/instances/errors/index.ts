/**
 * Errors of the engine as Nova's exceptions: the one for any failed verb, and those for a refused create or start. May
 * import engine, streams and the contracts; it asks the engine nothing.
 */
export { toNovaException, type VerbFailure } from './engine-error-to-exception.js';
export { instanceNotFound } from './instance-not-found.js';
export { launchFailure, refusedContainer } from './launch-failure.js';
