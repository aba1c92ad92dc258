import {
  ImageNotAuthorized,
  ImageNotFound,
  type ImageMetadata,
  type ImageRecord,
  type RequestContext,
} from '../../../interfaces/index.js';

/**
 * Whether the caller has full access. Contexts without a project are the library's own: no image is hidden from them.
 */
const isAdmin = (context: RequestContext): boolean =>
  context.is_admin === true || typeof context.project_id !== 'string';

const isOwner = (context: RequestContext, record: ImageRecord): boolean =>
  record.owner === context.project_id;

/** Whether the caller may see and read the image. */
export const mayRead = (context: RequestContext, record: ImageRecord): boolean =>
  isAdmin(context) ||
  isOwner(context, record) ||
  record.visibility === 'public' ||
  record.visibility === 'community';

/** @throws ImageNotFound when the image is hidden from the caller. */
export function checkRead(context: RequestContext, record: ImageRecord): void {
  if (!mayRead(context, record)) throw notFound(record.id);
}

/**
 * @throws ImageNotFound when the image is hidden from the caller.
 * @throws ImageNotAuthorized when the image belongs to another project.
 */
export function checkChange(context: RequestContext, record: ImageRecord): void {
  checkRead(context, record);
  if (isAdmin(context) || isOwner(context, record)) return;
  throw new ImageNotAuthorized(`Image ${record.id} belongs to another project.`);
}

/**
 * Applies Glance's default policy: only an administrator may make an image public or assign it to another project.
 *
 * @throws ImageNotAuthorized when the metadata requires an administrator and the caller is not one.
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
