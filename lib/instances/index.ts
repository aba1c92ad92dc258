/**
 * Instances as containers: the creation of a container, its start, stop and removal, its disks, and the conversion of its
 * state and errors to Nova's. `specification/` has what the driver asks of the engine for it, `files/` what it writes
 * into it. It imports engine, streams and common; it never uses image services or creates networks.
 */
export { validateNoAccelerators, blockDeviceMounts, withMounts } from './block-devices.js';
export { consoleOutput } from './console-output.js';
export { triggerCrashDump } from './crash-dump.js';
export { adoptName, createContainer, discardAttempt, validateNameFree } from './create-container.js';
export { diskUsage, flatDiagnostics, instanceDiagnostics, measure, usageOf } from './diagnostics.js';
export { toNovaException, type VerbFailure } from './engine-error-to-exception.js';
export {
  findInstance,
  inspectInstance,
  listContainersOf,
  listContainersOfHost,
  type ListedInstance,
  listInstances,
} from './find-instance.js';
export { instanceNotFound } from './instance-not-found.js';
export { unpauseContainer } from './freeze-container.js';
export { isIncomplete, spawning } from './incomplete-container.js';
export { launchFailure } from './launch-failure.js';
export { imageOfInstance } from './image-of-instance.js';
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
  findKeptContainer,
  keepContainer,
  validateContainerKeepable,
  restoreKeptContainer,
} from './kept-container.js';
export { isMounted, type VolumePolicy, validateVolumesUnchanged } from './volumes.js';
export { InstanceStateStore } from './instance-state-store.js';
export { asideSuffix, recoverInterruptedSwap } from './interrupted-swap.js';
export { instanceInfo } from './power-state.js';
export {
  cleanly,
  removeContainer,
  startContainer,
  stopContainer,
  stopContainerCleanly,
  stopForReplacement,
} from './start-and-stop.js';
export { wasStopRequested } from './requested-stop.js';
export { rescuedNetworks, rescueLabels } from './rescue-labels.js';
export {
  hasRescuedFolder,
  makeRescuedFolder,
  mountedPaths,
  rescuedFolder,
  rescuedMounts,
} from './rescued-folder.js';
export {
  canResizeInPlace,
  flavorFigures,
  forgetResize,
  givenVcpus,
  isResizePending,
  resizeInPlace,
  undoResize,
} from './resize-in-place.js';
export { RootDisks } from './root-disk.js';
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
export { endLeftStandstill, isOfStandstill, StandStill } from './stand-still.js';
export {
  isSuspended,
  pauseInstance,
  removeSuspension,
  suspendInstance,
  unpauseInstance,
  wasSuspended,
} from './suspension.js';
