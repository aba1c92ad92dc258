import { NovaException, type ImageService, type RequestContext } from '../../interfaces/index.js';
import { shownImage, type ShownImage } from './shared/index.js';

/**
 * The record of an image as an image service, which may be the orchestrator's own, shows it.
 *
 * @returns it under the very id that was asked for: services may know another spelling of it, in other letter case, and
 * what the image is called in the engine follows from its id.
 * @throws NovaException when the service answers with anything else than that image's record; what it fails with.
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
      `The image service (option imageService) does not show image ${image_id} as a record: ${faults.join('; ')}`,
      { cause: error },
    );
  }
  if (record.id.toLowerCase() !== image_id.toLowerCase())
    throw new NovaException(
      `The image service (option imageService) shows image ${record.id} instead of ${image_id}`,
    );
  return { ...record, id: image_id };
}
