import { z } from 'zod';
import {
  NovaException,
  type ImageRecord,
  type ImageService,
  type RequestContext,
} from '../../interfaces/index.js';
import { imageRecord } from './image-service/index.js';

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
): Promise<ImageRecord> {
  const shown: unknown = await imageService.show(context, image_id, { signal });
  const { data: record, error } = imageRecord.safeParse(shown);
  if (record === undefined)
    throw new NovaException(
      `The image service shows image ${image_id} as something other than a record: ${z.prettifyError(error)}`,
      { cause: error },
    );
  if (record.id.toLowerCase() !== image_id.toLowerCase())
    throw new NovaException(`The image service shows image ${record.id} instead of ${image_id}`);
  return { ...record, id: image_id };
}
