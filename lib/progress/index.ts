/**
 * Progress reports of work that moves bytes: throttled, with a transfer rate, and complete up to the last byte. May
 * import engine, http, streams, common and interfaces. Never decides what is measured: the callers do.
 */
export { followingLayers } from './following-layers.js';
export { layerName } from './layer-name.js';
export { LoadingProgress } from './loading-progress.js';
export { Meter } from './meter.js';
export { ProgressThrottle } from './progress-throttle.js';
