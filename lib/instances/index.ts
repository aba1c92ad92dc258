/**
 * Instances as containers. Each folder is one part: `specification/` is what the driver asks of the engine for a
 * container, `files/` what it writes into it, `containers/` its creation, start, stop and removal, `disks/` its
 * volumes, `states/` how it runs, `reports/` what it says, `lookup/` how it is found, `rescue/` the marks of a rescue,
 * `errors/` Nova's exceptions. It imports engine, streams and common; it never uses image services or creates networks.
 */
export {
  adoptName,
  asideSuffix,
  cleanly,
  createContainer,
  discardAttempt,
  findKeptContainer,
  keepContainer,
  settleSwap,
  removeContainer,
  restoreKeptContainer,
  startContainer,
  stopContainer,
  stopContainerCleanly,
  stopForReplacement,
  sendCrashSignal,
  validateContainerKeepable,
  validateNameFree,
} from './containers/index.js';
export {
  blockDeviceMounts,
  isMounted,
  mountedPaths,
  RootDisks,
  validateNoAccelerators,
  validateVolumesUnchanged,
  type VolumePolicy,
  withMounts,
} from './disks/index.js';
export { instanceNotFound, launchFailure, toNovaException, type VerbFailure } from './errors/index.js';
export {
  configDriveFiles,
  configDriveFolder,
  configDriveMounts,
  type ConfigDrivePolicy,
  hasConfigDrive,
  type InstanceFiles,
  instanceFiles,
  setAdministratorPassword,
  writeFiles,
} from './files/index.js';
export {
  findInstance,
  inspectInstance,
  isUnfinished,
  listContainersOf,
  listContainersOfHost,
  type ListedInstance,
  listInstances,
  spawning,
} from './lookup/index.js';
export {
  consoleOutput,
  diskUsage,
  flatDiagnostics,
  instanceDiagnostics,
  measure,
  usageOf,
} from './reports/index.js';
export {
  hasRescuedFolder,
  makeRescuedFolder,
  rescuedFolder,
  rescuedMounts,
  rescuedNetworks,
  rescueLabels,
} from './rescue/index.js';
export {
  containerName,
  containerPartName,
  containerSpecification,
  type InstancePolicy,
  instanceRecord,
  recreatedContainer,
  type SpawnAttempt,
  validateImageFits,
  validateLimits,
  withNetworks,
} from './specification/index.js';
export {
  canResizeInPlace,
  endLeftSnapshotPause,
  flavorFigures,
  forgetResize,
  givenVcpus,
  instanceInfo,
  InstanceStateStore,
  isOfSnapshotPause,
  isResizePending,
  isSuspended,
  pauseInstance,
  removeSuspension,
  resizeInPlace,
  SnapshotPause,
  suspendInstance,
  undoResize,
  unpauseContainer,
  unpauseInstance,
  wasStopRequested,
  wasSuspended,
} from './states/index.js';
