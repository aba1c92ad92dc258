/**
 * Progress reports of work that moves bytes: throttled, with a transfer rate, and complete up to the last byte. May
 * import engine, http, streams, common and interfaces. The callers say what they move, and this room when and how it is
 * reported.
 */
export { followingLayers } from './following-layers.js';
export { layerName } from './layer-name.js';
export { LoadingProgress } from './loading-progress.js';
export { Meter } from './meter.js';
export { ProgressThrottle } from './progress-throttle.js';
