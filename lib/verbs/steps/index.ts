/**
 * Steps of verbs: creating a container for an instance, replacing a container by another, connecting and starting it,
 * handing over volumes, calling the orchestrator. Most are shared by several verbs. A step that can be undone registers
 * its undo with the verb's `Rollback`. May import `definition/` and the rooms below the verbs; never imports a verb.
 */
export { tryAll } from './all-steps.js';
export { bootPlan } from './boot-plan.js';
export {
  connectAndStart,
  continueAfterMove,
  prepareReconnection,
  reconnectAndStart,
  startAgain,
} from './connect-and-start.js';
export { type ContainerPlan, newAttempt } from './container-plan.js';
export { type CopyBounds, copyBounds, validateCopyReachable, validateFilesCopyable } from './copied-files.js';
export { ensureRunning } from './ensure-running.js';
export { handOverVolumes } from './hand-over-volumes.js';
export { imageOfInstance } from './image-of-instance.js';
export { createBeside, createInstance, holdImage, launchError, prepareNetworks } from './new-container.js';
export { orchestratorAnswer } from './orchestrator-answer.js';
export { type Replaced, restoreOnRollback, swapBack, swapIn, warnOfLeftovers } from './replace-container.js';
export { Rollback } from './rollback.js';
