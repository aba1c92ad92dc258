/**
 * What the definition of a verb needs: its type, the schemas and the validation of its arguments, and the compute node
 * on which it runs. May import the rooms below the verbs; never imports a verb.
 */
export * as schemas from './argument-schemas.js';
export type { ComputeNode, HostFacts } from './compute-node.js';
export { containerIfAny, containerOf } from './container-of.js';
export { callOrchestrator, OrchestratorFailure } from './orchestrator-failure.js';
export {
  normalizedSubjects,
  validateArguments,
  validateOptions,
  withLowerCaseUuid,
} from './validate-arguments.js';
export type { BootSubjects, Controls, OfHost, OfInstance, Subjects, Verb } from './verb.js';
