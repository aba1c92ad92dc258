import { NovaException, type ImageService, type RequestContext } from '../../interfaces/index.js';
import { shownImage, type ShownImage } from './shared/index.js';

/**
 * Reads an image's record from an image service, which may be the orchestrator's own, and validates it.
 *
 * @returns the record, with its `id` replaced by `image_id`. A service may return the id in other letter case, but the
 * image's name in the engine is derived from the requested id.
 * @throws NovaException when the service returns something other than this image's record. Errors of the service are
 * passed on.
 */
export async function shownRecord(
  imageService: Pick<ImageService, 'show'>,
  context: RequestContext,
  image_id: string,
  signal: AbortSignal | undefined,
): Promise<ShownImage> {
  const shown: unknown = await imageService.show(context, image_id, { signal });
  const { data: record, error } = shownImage.safeParse(shown);
  if (record === undefined) {
    const faults = error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `its field ${path.join('.')} cannot be used: ${message}`,
    );
    throw new NovaException(
      `The image service (option imageService) returned a malformed record for image ${image_id}: ${faults.join('; ')}`,
      { cause: error },
    );
  }
  if (record.id.toLowerCase() !== image_id.toLowerCase())
    throw new NovaException(
      `The image service (option imageService) returned image ${record.id} instead of ${image_id}`,
    );
  return { ...record, id: image_id };
}
