import type { ImageService, RequestContext } from '../../../interfaces/index.js';
import { ImageNotAuthorized, ImageNotFound } from '../../../interfaces/index.js';
import { shownRecord } from '../../image-services/index.js';
import type { ShownImage } from '../../image-services/index.js';

/**
 * Whether an image may be given the layers of another one without having them in its archive.
 *
 * It is not enough that the one who boots it may read the other: whoever may read the image boots it later from what is
 * in the engine, and nobody is asked any more. So its owner must be one who may read the other, as its own owner or
 * because everybody may: then he gives away nothing that he did not have.
 */
export function mayContain(
  image: Pick<ShownImage, 'owner'>,
  other: Pick<ShownImage, 'owner' | 'visibility' | 'status'>,
): boolean {
  if (other.status !== 'active') return false;
  return other.owner === image.owner || other.visibility === 'public' || other.visibility === 'community';
}

/** An image's record as somebody sees it; undefined when he does not. */
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
