/**
 * The verbs that need more than one room: each file is one verb, written as the steps it takes. Between the driver,
 * which calls them, and the rooms, which they call.
 */
export type { ComputeNode } from './compute-node.js';
export { destroy } from './destroy.js';
export {
  confirmMigration,
  finishMigration,
  finishRevertMigration,
  migrateDiskAndPowerOff,
} from './migration/index.js';
export { orchestratorAnswer } from './orchestrator-answer.js';
export { powerOn } from './power-on.js';
export { reboot, rebootIfStuck, resumeStateOnHostBoot } from './reboot.js';
export { prepareRebuild, rebuild } from './rebuild.js';
export { reconcile } from './reconcile.js';
export { rescue } from './rescue.js';
export { serialConsole } from './serial-console.js';
export { snapshot } from './snapshot.js';
export { spawn } from './spawn.js';
export { unrescue } from './unrescue.js';
