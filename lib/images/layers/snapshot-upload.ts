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
import { minSizeInParts } from './image-in-parts.js';
import { recordExtents } from './record-extents.js';
import { SavedLayers } from './saved-layers.js';

/** An image that an engine packs, to be uploaded to the image service. */
interface SnapshotUpload extends LongRunningOptions {
  readonly imageService: ImageService;
  readonly context: RequestContext;
  /** Id of the image to fill. Its record exists already, without data. */
  readonly image_id: string;
  readonly metadata: ImageMetadata;
  /** Name of the archive, used as the start of error messages. */
  readonly subject: string;
  readonly rewriteConfiguration: (configuration: ImageConfiguration) => object;
  readonly logger: Logger;
}

/** No limits: the host's own image was within the limits when the engine loaded it. */
const limits = { maxBytes: Infinity, maxLayers: Infinity, maxMetadataBytes: Infinity };

/**
 * Uploads a whole image. Then writes its index to the image's properties, so that hosts can fetch missing layers
 * without probing the archive.
 *
 * @param saved - the archive from the engine; always destroyed.
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
    const index = (size ?? 0) < minSizeInParts ? undefined : indexOf(await image, files);
    if (index === undefined) return;
    const properties = indexProperty(image_id, index);
    await imageService
      .update(context, image_id, { properties }, undefined, { signal })
      .catch((error: unknown) => {
        // Without the index, hosts probe the archive.
        logger.warn('could not record the layer index of a snapshot', { image_id, error });
      });
  } finally {
    archive.destroy();
  }
}

/**
 * Uploads only the layers above the base, and a reference to the base.
 *
 * @param saved - the archive from the engine; always destroyed.
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
