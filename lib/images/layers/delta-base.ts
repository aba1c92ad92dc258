import type { ImageService, Logger, RequestContext } from '../../../interfaces/index.js';
import type { Engine, ImageReference } from '../../engine/index.js';
import { shownRecord, type ShownImage } from '../../image-services/index.js';
import { baseOf, chainId, hashOf, mostImagesInChain, type BaseImage } from './base-image.js';
import { mayContain, recordIfReadable } from './layer-rights.js';
import { isContainerdStore, layersOf } from './layers-in-engine.js';

/** A container that was committed, and is to be saved as what lies above the image that it was booted from. */
interface DeltaRequest {
  readonly engine: Engine;
  readonly imageService: ImageService;
  readonly context: RequestContext;
  /** The image that it is saved as. */
  readonly image_id: string;
  /** The image that it was booted from. */
  readonly base_id: string;
  readonly committed: ImageReference;
  readonly signal: AbortSignal | undefined;
  readonly logger: Logger;
}

/** What a committed container lies above. */
export interface DeltaBase {
  readonly reference: BaseImage;
  /** The base's layers by their diff ids, from the lowest up. */
  readonly layers: readonly string[];
  /** Whether anything was changed: if not, engines commit no layer. */
  readonly hasLayerAbove: boolean;
}

/**
 * Finds out whether an image can be saved without what lies below it: whoever may boot it must then find its base, and
 * be given it.
 *
 * @returns undefined when it must be saved as a whole; why, stands in the log.
 * @throws what the engine or the image service fail with.
 */
export async function deltaBase(request: DeltaRequest): Promise<DeltaBase | undefined> {
  const { image_id, base_id, logger } = request;
  const found = await find(request);
  if (found.kind === 'base') return found.base;
  logger.info('a snapshot is saved as a whole, not only what lies above its base image', {
    image_id,
    base_image_id: base_id,
    why: found.why,
  });
  return undefined;
}

/** What was found, or why there is nothing to be found. */
type Finding =
  { readonly kind: 'base'; readonly base: DeltaBase } | { readonly kind: 'none'; readonly why: string };

const none = (why: string): Finding => ({ kind: 'none', why });

async function find(request: DeltaRequest): Promise<Finding> {
  const { engine, imageService, context, image_id, base_id, committed, signal } = request;
  const layers = await layersOf(engine, base_id, signal);
  if (layers === undefined) return none('the engine has no such image');
  const { RootFS: files } = await engine.images.inspect(committed, { signal });
  const above = files.Layers.slice(layers.length);
  const isAbove = layers.every((layer, index) => files.Layers[index] === layer);
  if (!isAbove || above.length > 1) return none('the instance has files of another origin');
  // Engines pack a layer that occurs twice once, wherever they please.
  if (above.some((layer) => layers.includes(layer))) return none('the base has the same layer');
  if (await isContainerdStore(engine, signal)) return none('the engine keeps its layers compressed');
  const base = await recordIfReadable(imageService, context, base_id, signal);
  if (base === undefined) return none('the image service shows no such image');
  if (!mayContain(await shownRecord(imageService, context, image_id, signal), base))
    return none("the base is neither its owner's nor everybody's");
  if ((await imagesBelow(base, request)) + 2 > mostImagesInChain)
    return none('too many images would lie below it');
  const reference = { image_id: base_id, chainId: chainId(layers), hash: hashOf(base) };
  return { kind: 'base', base: { reference, layers, hasLayerAbove: above.length > 0 } };
}

/** How many images lie below one, as far as that matters. */
async function imagesBelow(
  image: ShownImage,
  { imageService, context, signal }: DeltaRequest,
): Promise<number> {
  let count = 0;
  let base = baseOf(image);
  while (base !== undefined && count < mostImagesInChain) {
    count += 1;
    const record = await recordIfReadable(imageService, context, base.image_id, signal);
    base = record === undefined ? undefined : baseOf(record);
  }
  return count;
}
