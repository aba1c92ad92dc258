/**
 * The states of an instance: its power state as Nova has it, pause and suspension, requested stops, resizes in place,
 * and the store of what a container cannot record. May import `lookup/`, `specification/`, engine, common and the
 * contracts; it never starts, stops or replaces a container.
 */
export { unpauseContainer } from './freeze-container.js';
export { InstanceStateStore } from './instance-state-store.js';
export { instanceInfo } from './power-state.js';
export { recordRequestedStop, wasStopRequested } from './requested-stop.js';
export {
  canResizeInPlace,
  flavorFigures,
  forgetResize,
  givenVcpus,
  isResizePending,
  resizeInPlace,
  undoResize,
} from './resize-in-place.js';
export { endLeftSnapshotPause, isOfSnapshotPause, SnapshotPause } from './snapshot-pause.js';
export {
  isSuspended,
  pauseInstance,
  removeSuspension,
  suspendInstance,
  unpauseInstance,
  wasSuspended,
} from './suspension.js';
