import {
  ImageNotAuthorized,
  ImageNotFound,
  ImageQuotaExceeded,
  InvalidInput,
} from '../../../interfaces/index.js';
import { ImageConflict } from '../shared/index.js';
import { ImageServiceError, type RequestLine } from './exceptions.js';
import type { Reply } from './glance-client.js';
import { wordsOf } from './service-words.js';

/**
 * Converts an error answer to Nova's exception. Nova: `_translate_image_exception` in nova/image/glance.py.
 *
 * @param image_id - the image of the request; undefined if the request is not about one image.
 * @returns the {@link ImageServiceError} itself if Nova has no exception for the status.
 */
export function refusal(
  request: RequestLine,
  { status, content }: Reply,
  image_id: string | undefined,
): Error {
  const words = wordsOf(content);
  const cause = new ImageServiceError(request, status, words);
  const image = image_id === undefined ? 'The image service' : `Image ${image_id}`;
  switch (status) {
    case 400:
      return new InvalidInput(`${image}: ${words}`, { cause });
    case 401:
    case 403:
      return new ImageNotAuthorized(`${image}: ${words}`, { cause });
    case 404:
    case 410:
      return image_id === undefined ? cause : new ImageNotFound(`There is no image ${image_id}.`, { cause });
    case 409:
      return new ImageConflict(`${image}: ${words}`, { cause });
    case 413:
      return new ImageQuotaExceeded(`${image}: ${words}`, { cause });
    default:
      return cause;
  }
}
