/**
 * Cold migration and resize: an instance leaves a host and arrives at another one, or at the same, and there is a way
 * back until it is confirmed. What must be remembered meanwhile stands in the engines: a container that was put aside,
 * an image of an instance's files, a note of the limits before.
 */
export { confirmMigration } from './confirm-migration.js';
export { finishMigration } from './finish-migration.js';
export { finishRevertMigration, neededForRevert } from './finish-revert-migration.js';
export { migrateDiskAndPowerOff } from './migrate-disk-and-power-off.js';
