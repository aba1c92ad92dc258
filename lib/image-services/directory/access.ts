import {
  ImageNotAuthorized,
  ImageNotFound,
  type ImageMetadata,
  type ImageRecord,
  type RequestContext,
} from '../../../interfaces/index.js';

/**
 * Who asks. A context without a project is the library's own user: there is nobody whose images could be hidden from
 * it.
 */
const isAdmin = (context: RequestContext): boolean =>
  context.is_admin === true || typeof context.project_id !== 'string';

const isOwner = (context: RequestContext, record: ImageRecord): boolean =>
  record.owner === context.project_id;

/** Whether the caller may know of an image and read it. */
export const mayRead = (context: RequestContext, record: ImageRecord): boolean =>
  isAdmin(context) ||
  isOwner(context, record) ||
  record.visibility === 'public' ||
  record.visibility === 'community';

/** @throws ImageNotFound when the image is hidden from the caller. */
export function checkRead(context: RequestContext, record: ImageRecord): void {
  if (!mayRead(context, record)) throw notFound(record.id);
}

/** @throws ImageNotFound when the image is hidden from the caller; ImageNotAuthorized when it is another project's. */
export function checkChange(context: RequestContext, record: ImageRecord): void {
  checkRead(context, record);
  if (isAdmin(context) || isOwner(context, record)) return;
  throw new ImageNotAuthorized(`Image ${record.id} belongs to another project.`);
}

/**
 * Glance's default policy: only an administrator publishes an image to everybody, or gives it to another project.
 *
 * @throws ImageNotAuthorized
 */
export function checkWishes(context: RequestContext, metadata: ImageMetadata): void {
  if (isAdmin(context)) return;
  if (metadata.visibility === 'public') {
    throw new ImageNotAuthorized('Only an administrator may make an image public.');
  }
  if (metadata.owner !== undefined && metadata.owner !== context.project_id) {
    throw new ImageNotAuthorized('Only an administrator may give an image to another project.');
  }
}

export const notFound = (id: string): ImageNotFound => new ImageNotFound(`There is no image ${id}.`);
