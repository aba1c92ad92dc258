/**
 * Images in parts: which layers of an image an engine has already and whose they are, how the others are fetched alone,
 * and images whose archives hold only what lies above a base image. It imports the archive readers and the engine; it
 * loads nothing itself, and believes an index only as far as digests bear it out.
 */
export { BaseChain } from './base-chain.js';
export { type BaseImage, baseMustBeSame, baseOf } from './base-image.js';
export { isContainerdStore, LayersInEngine, layersOf } from './layers-in-engine.js';
export { deltaBase } from './delta-base.js';
export { imageInParts } from './image-in-parts.js';
export { uploadAbove, uploadWhole } from './snapshot-upload.js';
