/**
 * Instances as containers: the container's specification (a pure function of instance, flavor and image), its labels
 * and files, its creation, start, stop and removal, and the conversion of its state and errors to Nova's. It imports
 * engine, streams and common; it never uses image services or creates networks.
 */
export { setAdministratorPassword } from './administrator-password.js';
export { validateNoAccelerators, blockDeviceMounts, withMounts } from './block-devices.js';
export {
  configDriveFiles,
  configDriveFolder,
  configDriveMounts,
  type ConfigDrivePolicy,
  hasConfigDrive,
} from './config-drive.js';
export { consoleOutput } from './console-output.js';
export { containerName, containerPartName, instanceRecord, type SpawnAttempt } from './instance-labels.js';
export {
  containerSpecification,
  validateImageFits,
  type InstancePolicy,
  withNetworks,
} from './container-specification.js';
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
export type { InstanceFiles } from './files-to-write.js';
export { instanceFiles } from './instance-files.js';
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
export { recreatedContainer } from './recreated-container.js';
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
export { validateLimits } from './resource-limits.js';
export { RootDisks } from './root-disk.js';
export { endLeftStandstill, isOfStandstill, StandStill } from './stand-still.js';
export {
  isSuspended,
  pauseInstance,
  removeSuspension,
  suspendInstance,
  unpauseInstance,
  wasSuspended,
} from './suspension.js';
export { writeFiles } from './write-files.js';
