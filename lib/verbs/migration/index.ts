/**
 * Cold migration and resize: an instance moves from a source host to a destination host, which may be the same, and can
 * be reverted until it is confirmed. The state of a pending migration is kept in the engines: a container that is set
 * aside, an image of the instance's files, a record of the former limits. May import `host-reports/`, `steps/`,
 * `definition/` and the rooms below the verbs; never imports another verb.
 */
export {
  checkInstanceSharedStorageLocal,
  checkInstanceSharedStorageRemote,
} from './check-instance-shared-storage.js';
export { confirmMigration } from './confirm-migration.js';
export { finishMigration } from './finish-migration.js';
export { finishRevertMigration, neededForRevert } from './finish-revert-migration.js';
export { migrateDiskAndPowerOff } from './migrate-disk-and-power-off.js';
