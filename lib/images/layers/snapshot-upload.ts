import { Readable } from 'node:stream';
import type {
  ImageMetadata,
  ImageService,
  Logger,
  LongRunningOptions,
  RequestContext,
} from '../../../interfaces/index.js';
import { rewriteArchive, type ImageConfiguration } from '../../archives/index.js';
import { followingLayers } from '../../progress/index.js';
import { indexOf, indexProperty, type Extent } from './archive-index.js';
import { baseProperty } from './base-image.js';
import type { DeltaBase } from './delta-base.js';
import { smallestInParts } from './image-in-parts.js';
import { recordExtents } from './record-extents.js';
import { SavedLayers } from './saved-layers.js';

/** An image that an engine packs, on its way to the image service. */
interface SnapshotUpload extends LongRunningOptions {
  readonly imageService: ImageService;
  readonly context: RequestContext;
  /** The image to fill; it is there already, without data. */
  readonly image_id: string;
  readonly metadata: ImageMetadata;
  /** The archive, as the beginning of the sentences that say what is wrong with it. */
  readonly subject: string;
  readonly rewriteConfiguration: (configuration: ImageConfiguration) => object;
  readonly logger: Logger;
}

/**
 * What the host itself holds may be as large as it is, and have as many layers: the engine was given no more than an
 * image may have.
 */
const limits = { maxBytes: Infinity, maxLayers: Infinity, maxMetadataBytes: Infinity };

/**
 * Uploads all of an image; where its parts lie is written on the image afterwards, so that hosts can fetch those that
 * they lack without looking for them.
 *
 * @param saved - what the engine packs; destroyed in any case.
 */
export async function uploadWhole(saved: Readable, upload: SnapshotUpload): Promise<void> {
  const { imageService, context, image_id, metadata, logger, signal, onProgress } = upload;
  const followed = followingLayers(onProgress);
  const { archive, image } = rewriteArchive(saved, { ...upload, limits, onLayer: followed.onLayer });
  const files = new Map<string, Extent>();
  const data = Readable.from(recordExtents(archive, files), { objectMode: false });
  try {
    const { size } = await imageService.update(context, image_id, metadata, data, {
      signal,
      onProgress: followed.onProgress,
    });
    const index = (size ?? 0) < smallestInParts ? undefined : indexOf(await image, files);
    if (index === undefined) return;
    const properties = indexProperty(image_id, index);
    await imageService
      .update(context, image_id, { properties }, undefined, { signal })
      .catch((error: unknown) => {
        // Without it, hosts look for the parts themselves.
        logger.warn('where the parts of a snapshot lie could not be written on it', { image_id, error });
      });
  } finally {
    archive.destroy();
  }
}

/**
 * Uploads of an image only what lies above its base, and a reference to that.
 *
 * @param saved - what the engine packs; destroyed in any case.
 */
export async function uploadAbove(saved: Readable, base: DeltaBase, upload: SnapshotUpload): Promise<void> {
  const { imageService, context, image_id, metadata, signal, onProgress } = upload;
  const followed = followingLayers(onProgress);
  const { archive } = rewriteArchive(saved, {
    ...upload,
    limits,
    below: new SavedLayers(base),
    onLayer: followed.onLayer,
  });
  const properties = { ...metadata.properties, ...baseProperty(image_id, base.reference) };
  try {
    await imageService.update(context, image_id, { ...metadata, properties }, archive, {
      signal,
      onProgress: followed.onProgress,
    });
  } finally {
    archive.destroy();
  }
}
