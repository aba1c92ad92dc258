/**
 * The verbs that need more than one room. Each file is one verb, or a few related ones, written as its steps. `steps/`
 * holds the steps that several verbs share, `migration/` the verbs of cold migration and resize, `definition/` the
 * argument validation and the `ComputeNode` that every verb works with. The driver calls this room. It may import the
 * rooms below it (images, instances, network, host, events, console and lower); it never imports the driver or the
 * image exchange.
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
