/**
 * Steps that several verbs share: creating a container for an instance with rollback, replacing a container by another,
 * connecting and starting it, calling the orchestrator. May import `definition/` and the rooms below the verbs; never
 * imports a verb.
 */
export { bootPlan } from './boot-plan.js';
export { connectAndStart, goOn } from './connect-and-start.js';
export type { ContainerPlan } from './container-plan.js';
export { type CopyBounds, copyBounds, copyMustBeReachable, filesMustBeCopyable } from './copied-files.js';
export { newAttempt } from './new-container.js';
export { orchestratorAnswer } from './orchestrator-answer.js';
export { restoreOnFailure, type Replaced, swapIn, swapBack, logFailure } from './replace-container.js';
export { Rollback, withRollback } from './rollback.js';
export { withNewContainer } from './with-new-container.js';
