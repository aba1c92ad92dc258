import type { Logger, OnProgress, RequestContext } from '../../../interfaces/index.js';
import { ArchiveRefused, type ImageLimits } from '../../archives/index.js';
import { EngineError, EngineProtocolError, isUnreachable } from '../../engine/index.js';
import type { ImageData, ShownImage } from '../../image-services/index.js';
import { recordedIndex, IndexUnusable } from './archive-index.js';
import { ImageRanges } from './image-ranges.js';
import type { LayersInEngine, ResidentImage, SuppliedLayers } from './layers-in-engine.js';
import {
  bytesOf,
  indexedImage,
  missingExtents,
  missingLayersArchive,
  type IndexedImage,
} from './missing-layers.js';
import type { PartialArchive } from './partial-archive.js';
import { probeIndex } from './probe-index.js';

/** An image to load into an engine in parts. */
interface ImageInParts {
  readonly record: ShownImage;
  readonly data: ImageData;
  /** The requester's context. */
  readonly context: RequestContext;
  /** Layers that the engine has. */
  readonly layers: Pick<LayersInEngine, 'images' | 'layersToOmit'>;
  /** Reference of the image in the engine. */
  readonly reference: string;
  readonly limits: ImageLimits;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Smallest image, in bytes, for which looking for its layers in the engine pays off. */
export const minSizeInParts = 1024 * 1024;

/**
 * Minimum share of an image's bytes that a fetch in parts must save. A part cannot be verified against the recorded
 * hash, and one stream is faster than many requests.
 */
const minSavedShare = 0.1;

/**
 * Makes an archive of an image without the layers that the engine has and the requester may use. Layers that the
 * requester may read only as part of this image are fetched.
 *
 * @returns undefined when the image must be fetched as a whole: the engine has too few of its layers, its archive
 * cannot be read in parts, or nothing verifies the parts.
 * @throws the engine's error, or the signal's reason when the signal aborts.
 */
export async function imageInParts(image: ImageInParts): Promise<PartialArchive | undefined> {
  const { record, data, layers, signal, logger } = image;
  const { size } = record;
  if (size === null || size < minSizeInParts) return undefined;
  // The configuration's digest authenticates all other parts, and the record's index authenticates the digest. Without
  // it, an attacker who can write to the service's storage could substitute another consistent image.
  if (!data.isBelieved && recordedIndex(record) === undefined) return undefined;
  const resident = await layers.images(signal);
  if (resident.length === 0) return undefined;
  const partial = await worthwhilePart(image, size, resident).catch((error: unknown) => {
    signal.throwIfAborted();
    if (isEngineOrDriverError(error)) throw error;
    // Fetching the whole image reports any fault of the image or the image service more precisely.
    const message = 'fetching an image as a whole: it cannot be read in parts';
    // A root file system or a compressed archive, for instance, is nothing to look into: no stack is logged.
    if (error instanceof IndexUnusable || error instanceof ArchiveRefused)
      logger.debug(message, { image_id: record.id, reason: error.message });
    else logger.warn(message, { image_id: record.id, error });
    return undefined;
  });
  if (partial === undefined) return undefined;
  return missingLayersArchive(partial.indexed, { ...image, supplied: partial.supplied });
}

/** Errors that are not about the image: engine failures and bugs of the driver. */
function isEngineOrDriverError(error: unknown): boolean {
  return (
    error instanceof EngineError ||
    error instanceof EngineProtocolError ||
    isUnreachable(error) ||
    error instanceof TypeError
  );
}

/** An image, and the layers that need not be fetched. */
interface Part {
  readonly indexed: IndexedImage;
  readonly supplied: SuppliedLayers;
}

async function worthwhilePart(
  image: ImageInParts,
  size: number,
  resident: readonly ResidentImage[],
): Promise<Part | undefined> {
  const { record, data, layers, signal, logger } = image;
  const indexed = await readIndex(image, new ImageRanges(data, size, signal));
  const { diff_ids: diffIds } = indexed.configuration.rootfs;
  const least = diffIds.findIndex((_, index) => saved(indexed, index + 1) >= minSavedShare * size) + 1;
  if (least === 0) return undefined;
  const supplied = await layers.layersToOmit(resident, { ...image, diffIds, least });
  if (supplied === undefined) return undefined;
  logger.debug('fetching only the layers of an image that the engine lacks', {
    image_id: record.id,
    layers: diffIds.length - supplied.count,
    bytes: bytesOf(missingExtents(indexed, supplied.count)),
  });
  return { indexed, supplied };
}

/** Bytes that need not be fetched when the engine supplies the lowest `below` layers. */
function saved(indexed: IndexedImage, below: number): number {
  return bytesOf(missingExtents(indexed, 0)) - bytesOf(missingExtents(indexed, below));
}

async function readIndex({ record, limits }: ImageInParts, ranges: ImageRanges): Promise<IndexedImage> {
  const recorded = recordedIndex(record);
  if (recorded !== undefined) return await indexedImage(ranges, recorded, limits);
  return await indexedImage(ranges, await probeIndex(ranges, limits), limits);
}
