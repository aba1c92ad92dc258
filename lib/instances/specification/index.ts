/**
 * What the driver asks of the engine for an instance's container: command, limits, host name, log, labels and empty
 * volumes. Pure functions. May import engine, common and the contracts; knows nothing of the other folders of
 * instances.
 */
export {
  containerSpecification,
  type InstancePolicy,
  validateImageFits,
  withNetworks,
} from './container-specification.js';
export {
  containerName,
  containerPartName,
  type FlavorFigures,
  flavorFiguresOf,
  flavorLabels,
  type InstanceRecord,
  instanceRecord,
  type SpawnAttempt,
} from './instance-labels.js';
export { ownVolume } from './own-volume.js';
export { recreatedContainer } from './recreated-container.js';
export {
  arePlainLimits,
  changeableLimits,
  changedDiskRates,
  changesDiskRates,
  type ResourcePolicy,
  validateLimits,
} from './resource-limits.js';
export { defaultShutdownSeconds } from './shutdown-timeout.js';
