/**
 * The verbs that need more than one room: each file is one verb or one and its kin, written as the steps it takes; those
 * that several verbs take are in `steps/`, and what they all work with is a `ComputeNode`. Between the driver, which
 * calls them, and the rooms, which they call.
 */
export {
  type ComputeNode,
  connectedInstanceMustBeSound,
  connectedInstancesMustBeSound,
  departureMustBeSound,
  diskInfoMustBeText,
  handedOverMustBeSound,
  hostMustBeNamed,
  hostOfInstanceMustBeSound,
  imageIdMustBeText,
  instanceMustBeSound,
  instancesMustBeSound,
  makingMustBeSound,
  mountpointMustBeText,
  networkInfoMustBeSound,
  nodeMustBeNamed,
  optionsMustBeSound,
  passwordMustBeSound,
  patienceMustBeSound,
  providerTreeMustBeSound,
  rebootTypeMustBeKnown,
  remakingMustBeSound,
  sharedStorageDataMustBeSound,
  soundInstance,
  timeoutMustBeSound,
  updateTaskStateMustBeSound,
  vifMustBeSound,
} from './definition/index.js';
export { destroy } from './destroy.js';
export {
  confirmMigration,
  finishMigration,
  finishRevertMigration,
  migrateDiskAndPowerOff,
} from './migration/index.js';
export { powerOn } from './power-on.js';
export { reboot, rebootIfStuck, resumeStateOnHostBoot } from './reboot.js';
export { prepareRebuild, rebuild } from './rebuild.js';
export { reconcile, reconcileAgain } from './reconcile.js';
export { rescue } from './rescue.js';
export { serialConsole } from './serial-console.js';
export { snapshot } from './snapshot.js';
export { spawn } from './spawn.js';
export { orchestratorAnswer } from './steps/index.js';
export { unrescue } from './unrescue.js';
