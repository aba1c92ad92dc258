/**
 * Nova's verbs. Each file is one verb, or a few that are one thing: its definition (name for messages, lock, failure,
 * validation of its arguments), then its steps; `reconcile.ts` is what `init_host` cleans up. The folders hold verbs of
 * one area: host reports, queries, console, interfaces, storage, migration. Verbs that change the life of one instance,
 * and the image cache, are beside them. `steps/` holds the steps of verbs, `definition/` the type of a verb, the
 * argument schemas and the `ComputeNode` that every verb works with. The driver calls this room. It may import the
 * rooms below it (images, instances, network, host, serial-consoles and lower); it never imports the driver or the
 * image exchange.
 */
export { cacheImage } from './cache-image.js';
export { getConsoleOutput, getSerialConsole } from './console/index.js';
export {
  type ComputeNode,
  normalizedSubjects,
  type OfInstance,
  OrchestratorFailure,
  schemas,
  type Subjects,
  validateArguments,
  validateOptions,
  type Verb,
} from './definition/index.js';
export { cleanup, deleteInstanceFiles, destroy, failedSpawnCleanup } from './destroy.js';
export {
  getAvailableNodes,
  getAvailableResource,
  getHostCpuStats,
  getHostIpAddr,
  getHostUptime,
  getNodenamesByUuid,
  updateProviderTree,
} from './host-reports/index.js';
export {
  getDiagnostics,
  getInfo,
  getInstanceDiagnostics,
  instanceExists,
  instanceOnDisk,
  listInstances,
  listInstanceUuids,
} from './queries/index.js';
export { manageImageCache } from './manage-image-cache.js';
export {
  checkInstanceSharedStorageLocal,
  checkInstanceSharedStorageRemote,
  confirmMigration,
  finishMigration,
  finishRevertMigration,
  migrateDiskAndPowerOff,
} from './migration/index.js';
export {
  attachInterface,
  detachInterface,
  networkBindingHostId,
  plugVifs,
  unplugVifs,
} from './interfaces/index.js';
export { pause, unpause } from './pause.js';
export { powerOff } from './power-off.js';
export { powerOn } from './power-on.js';
export { pollRebootingInstance, reboot, resumeStateOnHostBoot } from './reboot.js';
export { rebuild } from './rebuild.js';
export { reconcile, reconcileAgain } from './reconcile.js';
export { rescue } from './rescue.js';
export { resume } from './resume.js';
export { setAdminPassword } from './set-admin-password.js';
export { snapshot } from './snapshot.js';
export { restore, softDelete } from './soft-delete.js';
export { spawn } from './spawn.js';
export { attachVolume, detachVolume, getInstanceDiskInfo, getVolumeConnector } from './storage/index.js';
export { suspend } from './suspend.js';
export { triggerCrashDump } from './trigger-crash-dump.js';
export { unrescue } from './unrescue.js';
