import type { ImageService, Logger, RequestContext } from '../../../interfaces/index.js';
import type { Engine, ImageReference } from '../../engine/index.js';
import { shownRecord, type ShownImage } from '../../image-services/index.js';
import { baseOf, chainId, hashOf, maxImagesInChain, type BaseImage } from './base-image.js';
import { mayContain, recordIfReadable } from './layer-rights.js';
import type { StoredLayer } from '../../archives/index.js';
import { isContainerdStore } from './containerd-store.js';
import { layersOf } from './layers-in-engine.js';

/** A committed container, to be saved as the layers above the image that it was booted from. */
interface DeltaRequest {
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly context: RequestContext;
  /** Id of the image to save to. */
  readonly image_id: string;
  /** Id of the image that the instance was booted from. */
  readonly base_id: string;
  readonly committed: ImageReference;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}

/** The base of a committed container. */
export interface DeltaBase {
  readonly reference: BaseImage;
  /** Diff ids of the base's layers, from the base up. */
  readonly layers: readonly string[];
  /** The same layers as containerd's store keeps them; undefined in a classic store. */
  readonly stored: readonly StoredLayer[] | undefined;
  /** Whether the container changed any file. Engines commit no layer for an unchanged container. */
  readonly hasLayerAbove: boolean;
}

/**
 * Decides whether an image can be saved without its base: every user who may boot it must also be able to find and read
 * the base.
 *
 * @returns undefined when the image must be saved as a whole; the reason is logged.
 * @throws the error of the engine or the image service.
 */
export async function deltaBase(request: DeltaRequest): Promise<DeltaBase | undefined> {
  const { image_id, base_id, logger } = request;
  const found = await find(request);
  if (found.kind === 'base') return found.base;
  logger.info('saving a snapshot in full, not as a delta', {
    image_id,
    base_image_id: base_id,
    why: found.why,
  });
  return undefined;
}

/** The base, or the reason why there is none. */
type Finding =
  { readonly kind: 'base'; readonly base: DeltaBase } | { readonly kind: 'none'; readonly why: string };

const none = (why: string): Finding => ({ kind: 'none', why });

async function find(request: DeltaRequest): Promise<Finding> {
  const { engine, imageService, context, image_id, base_id, committed, signal } = request;
  const found = await layersOf(engine, base_id, signal);
  if (found === undefined) return none('the engine has no such image');
  const { diffIds: layers, stored } = found;
  const { RootFS: files } = await engine.images.inspect(committed, { signal });
  const above = files.Layers.slice(layers.length);
  const isAbove = layers.every((layer, index) => files.Layers[index] === layer);
  if (!isAbove || above.length > 1) return none('the instance has files of another origin');
  // Engines write a layer that occurs twice only once, at an unpredictable place in the archive.
  if (above.some((layer) => layers.includes(layer))) return none('the base has the same layer');
  if (stored === undefined && (await isContainerdStore(engine, signal)))
    return none('the engine does not show how it stores the base');
  const base = await recordIfReadable(imageService, context, base_id, signal);
  if (base === undefined) return none('the image service has no such image');
  if (!mayContain(await shownRecord(imageService, context, image_id, signal), base))
    return none('the base belongs to another project and is not public');
  if ((await imagesBelow(base, request)) + 2 > maxImagesInChain)
    return none('the chain of base images would be too long');
  const reference = { image_id: base_id, chainId: chainId(layers), hash: hashOf(base) };
  return { kind: 'base', base: { reference, layers, stored, hasLayerAbove: above.length > 0 } };
}

/** Number of images below an image, counted up to {@link maxImagesInChain}. */
async function imagesBelow(
  image: ShownImage,
  { imageService, context, signal }: DeltaRequest,
): Promise<number> {
  let count = 0;
  let base = baseOf(image);
  while (base !== undefined && count < maxImagesInChain) {
    count += 1;
    const record = await recordIfReadable(imageService, context, base.image_id, signal);
    base = record === undefined ? undefined : baseOf(record);
  }
  return count;
}
