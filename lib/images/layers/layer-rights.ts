import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { ImageNotAuthorized, ImageNotFound } from '../../../interfaces/index.js';
import { shownRecord } from '../../image-services/index.js';
import type { ShownImage } from '../../image-services/index.js';

/**
 * Whether an image may take another image's layers from the engine instead of its own archive.
 *
 * It is not enough that the requester may read the other image: every reader of this image can later boot it from the
 * engine's cache, without a further access check. The image's owner must be able to read the other image, as its owner
 * or because it is public or community. The owner then discloses nothing new.
 */
export function mayContain(
  image: Pick<ShownImage, 'owner'>,
  other: Pick<ShownImage, 'owner' | 'visibility' | 'status'>,
): boolean {
  if (other.status !== 'active') return false;
  return other.owner === image.owner || other.visibility === 'public' || other.visibility === 'community';
}

/** @returns an image's record with the rights of `context`; undefined when it is not readable. */
export async function recordIfReadable(
  imageService: ImageService,
  context: RequestContext,
  image_id: string,
  signal: AbortSignal | undefined,
): Promise<ShownImage | undefined> {
  try {
    return await shownRecord(imageService, context, image_id, signal);
  } catch (error) {
    if (error instanceof ImageNotFound || error instanceof ImageNotAuthorized) return undefined;
    throw error;
  }
}
