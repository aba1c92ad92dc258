import type { Logger, OnProgress, RequestContext } from '../../../interfaces/index.js';
import { ArchiveRefused, type ImageLimits } from '../../archives/index.js';
import { EngineError, EngineProtocolError, isUnreachable } from '../../engine/index.js';
import type { ImageData, ShownImage } from '../../image-services/index.js';
import { recordedIndex, IndexUnusable } from './archive-index.js';
import { ImageRanges } from './image-ranges.js';
import type { LayersInEngine, ResidentImage } from './layers-in-engine.js';
import {
  bytesOf,
  indexedImage,
  missingExtents,
  missingLayersArchive,
  type IndexedImage,
} from './missing-layers.js';
import type { PartialArchive } from './partial-archive.js';
import { probeIndex } from './probe-index.js';

/** An image that is to go into an engine, and what is known of it. */
interface ImageInParts {
  readonly record: ShownImage;
  readonly data: ImageData;
  /** On whose behalf it is loaded. */
  readonly context: RequestContext;
  /** What the engine has. */
  readonly layers: LayersInEngine;
  /** The name that it gets there. */
  readonly reference: string;
  readonly limits: ImageLimits;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Bytes of an image from which on it is worth while to ask around before it is fetched. */
export const smallestInParts = 1024 * 1024;

/**
 * What must be saved of an image at least: a part cannot be checked against the hash on record, and one stream is
 * faster than many.
 */
const leastSaved = 0.1;

/**
 * An archive of an image with only those of its layers that the engine lacks, or that the requester has no right to but
 * through this very image.
 *
 * @returns undefined when the image must be fetched as a whole: the engine has too little of it, its archive cannot be
 * read in parts, or nothing would vouch for them.
 * @throws what the engine fails with; the signal's reason when that aborts.
 */
export async function imageInParts(image: ImageInParts): Promise<PartialArchive | undefined> {
  const { record, data, layers, signal, logger } = image;
  const { size } = record;
  if (size === null || size < smallestInParts) return undefined;
  // The digest of the configuration vouches for all the others; on record, it is the image service's word. Without a
  // digest on record, anybody who can write the service's storage could replace the image by a consistent other one.
  if (!data.isBelieved && recordedIndex(record) === undefined) return undefined;
  const resident = await layers.images(signal);
  if (resident.length === 0) return undefined;
  const partial = await worthwhilePart(image, size, resident).catch((error: unknown) => {
    signal.throwIfAborted();
    if (isOurTrouble(error)) throw error;
    // Whatever is wrong with it, or with the image service, the whole image tells better.
    const isUsual = error instanceof IndexUnusable || error instanceof ArchiveRefused;
    logger[isUsual ? 'debug' : 'warn']('an image is fetched as a whole: it cannot be read in parts', {
      image_id: record.id,
      error,
    });
    return undefined;
  });
  if (partial === undefined) return undefined;
  return missingLayersArchive(partial.indexed, { ...image, below: partial.below });
}

/** What has nothing to do with the image: the engine's failures, and mistakes of the driver's own. */
function isOurTrouble(error: unknown): boolean {
  return (
    error instanceof EngineError ||
    error instanceof EngineProtocolError ||
    isUnreachable(error) ||
    error instanceof TypeError
  );
}

/** An image of which layers need not be fetched: so many, from the base up. */
interface Part {
  readonly indexed: IndexedImage;
  readonly below: number;
}

async function worthwhilePart(
  image: ImageInParts,
  size: number,
  resident: readonly ResidentImage[],
): Promise<Part | undefined> {
  const { record, data, layers, signal, logger } = image;
  const indexed = await readIndex(image, new ImageRanges(data, size, signal));
  const { diff_ids: diffIds } = indexed.configuration.rootfs;
  const least = diffIds.findIndex((_, index) => saved(indexed, index + 1) >= leastSaved * size) + 1;
  if (least === 0) return undefined;
  const below = await layers.toTake(resident, { ...image, diffIds, least });
  if (below === 0) return undefined;
  logger.debug('fetches only the layers of an image that the engine lacks', {
    image_id: record.id,
    layers: diffIds.length - below,
    bytes: bytesOf(missingExtents(indexed, below)),
  });
  return { indexed, below };
}

/** Bytes that need not be fetched when so many layers are taken from the engine. */
function saved(indexed: IndexedImage, below: number): number {
  return bytesOf(missingExtents(indexed, 0)) - bytesOf(missingExtents(indexed, below));
}

async function readIndex({ record, limits }: ImageInParts, ranges: ImageRanges): Promise<IndexedImage> {
  const recorded = recordedIndex(record);
  if (recorded !== undefined) return await indexedImage(ranges, recorded, limits);
  return await indexedImage(ranges, await probeIndex(ranges, limits), limits);
}
