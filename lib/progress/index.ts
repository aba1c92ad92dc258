/**
 * How long work that moves bytes tells how it gets on: so often that a person sees it move, with a rate that can be
 * read, and up to the last byte. Imports interfaces, and of the engine what it says; what is measured, and where, is
 * the others' business.
 */
export { followingLayers } from './following-layers.js';
export { layerName } from './layer-name.js';
export { LoadingProgress } from './loading-progress.js';
export { Meter } from './meter.js';
export { ProgressThrottle } from './progress-throttle.js';
