import type { Logger, OnProgress } from '../../../interfaces/index.js';
import type { Engine } from '../../engine/index.js';
import { asError } from '../../streams/index.js';
import type { ImageLimits } from '../archive/index.js';
import { recordedIndex } from './archive-index.js';
import { ImageRanges, type ImageSource } from './image-ranges.js';
import { layersToTake, loadedImages } from './layers-in-engine.js';
import {
  bytesOf,
  indexedImage,
  missingExtents,
  missingLayersArchive,
  type IndexedImage,
} from './missing-layers.js';
import type { PartialArchive } from './partial-archive.js';
import { probeIndex } from './probe-index.js';

/** Where an image is to go, and what is known of it. */
export interface ImageInParts extends ImageSource {
  readonly engine: Engine;
  /** The name that it gets there. */
  readonly reference: string;
  readonly limits: ImageLimits;
  readonly onProgress: OnProgress;
  readonly logger: Logger;
}

/** Bytes of an image from which on it is worth while to ask around before it is fetched. */
export const smallestInParts = 1024 * 1024;

/** What must be saved of an image at least: a part cannot be checked against the hash on record, and one stream is faster than many. */
const leastSaved = 0.1;

/**
 * An archive of an image with only those of its layers that the engine lacks, or that the requester has no right to but through this very image.
 *
 * @returns undefined when the image must be fetched as a whole: the engine has too little of it, or its archive cannot be read in parts.
 * @throws what the engine fails with; the signal's reason when that aborts.
 */
export async function imageInParts(image: ImageInParts): Promise<PartialArchive | undefined> {
  const { engine, record, signal, logger } = image;
  const { size } = record;
  if (size === null || size < smallestInParts) return undefined;
  const loaded = await loadedImages(engine, signal);
  if (loaded.length === 0 || (await isContainerdStore(engine, signal))) return undefined;
  try {
    const indexed = await readIndex(image, new ImageRanges(image, size));
    const { diff_ids: diffIds } = indexed.configuration.rootfs;
    const least = diffIds.findIndex((_, index) => saved(indexed, index + 1) >= leastSaved * size) + 1;
    if (least === 0) return undefined;
    const below = await layersToTake(loaded, diffIds, least, image);
    if (below === 0) return undefined;
    logger.debug('fetches only the layers of an image that the engine lacks', {
      image_id: record.id,
      layers: diffIds.length - below,
      bytes: bytesOf(missingExtents(indexed, below)),
    });
    return missingLayersArchive(indexed, { ...image, below });
  } catch (error) {
    signal.throwIfAborted();
    // Whatever is wrong with it, or with the image service, the whole image tells better.
    logger.debug('an image is fetched as a whole: it cannot be read in parts', {
      image_id: record.id,
      why: asError(error).message,
    });
    return undefined;
  }
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

/** The containerd store has layers by the digests of what they were loaded from, and does not look for others. */
export async function isContainerdStore(engine: Engine, signal: AbortSignal | undefined): Promise<boolean> {
  const { DriverStatus: status } = await engine.system.info({ signal });
  return status.some(([name]) => name === 'driver-type');
}
