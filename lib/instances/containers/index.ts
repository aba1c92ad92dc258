/**
 * The life of an instance's container: its creation, start, stop and removal, its names, the container that a migration
 * sets aside, and the repair of a swap that a crash interrupted. May import all folders of instances but `disks/`,
 * engine, streams, common and the contracts; it never plans what a container is like.
 */
export { sendCrashSignal } from './crash-dump.js';
export { adoptName, createContainer, discardAttempt, validateNameFree } from './create-container.js';
export { asideSuffix, settleSwap } from './settle-swap.js';
export {
  findKeptContainer,
  keepContainer,
  restoreKeptContainer,
  validateContainerKeepable,
} from './kept-container.js';
export { removeContainer } from './remove-container.js';
export { startContainer } from './start-container.js';
export { cleanly, stopContainer, stopContainerCleanly, stopForReplacement } from './stop-container.js';
