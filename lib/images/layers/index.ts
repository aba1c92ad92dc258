/**
 * Images in parts: finds the layers that an engine has and that the requester may use, fetches the missing ones, and
 * handles images that hold only the layers above a base image. It may import references and the rooms below images. It
 * never loads an image itself, and never trusts an index without verifying digests.
 */
export { BaseChain } from './base-chain.js';
export { type BaseImage, validateBaseLayers, baseOf } from './base-image.js';
export { isContainerdStore, LayersLost, validateLayersKept } from './containerd-store.js';
export { LayersInEngine, layersOf, layersOfInspected, type LayersOfImage } from './layers-in-engine.js';
export { deltaBase } from './delta-base.js';
export { imageInParts } from './image-in-parts.js';
export { pushSnapshot } from './push-snapshot.js';
export type { SnapshotReceiver } from './snapshot-receiver.js';
export { uploadAbove, uploadWhole } from './snapshot-upload.js';
