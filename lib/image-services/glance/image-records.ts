import type { ImageFilters, ImageMetadata, ImageRecord, RequestContext } from '../../../interfaces/index.js';
import { ImageDeleteConflict, ImageNotFound } from '../../../interfaces/index.js';
import { isUuid } from '../../common/index.js';
import { isProperty, passes } from '../shared/index.js';
import { ImageServiceProtocolError } from './exceptions.js';
import type { GlanceClient, GlanceRequest, Reply, Routed } from './glance-client.js';
import { newImageOf, patchType, patchOf } from './image-patch.js';
import { pageSchema, recordSchema } from './image-schema.js';
import { parseServiceJson } from './json.js';
import { refusal } from './error-to-exception.js';

/** The context of a request and the signal that aborts it. */
export interface Caller {
  readonly context: RequestContext;
  readonly signal: AbortSignal | undefined;
}

/** A record, and the endpoint that returned it. */
export interface RoutedRecord {
  readonly record: ImageRecord;
  readonly endpoint: string;
}

const imagesPath = '/v2/images';

/** Images per page of a list. */
const pageSize = 200;

/**
 * Returns the path of an image. Only accepts UUIDs: the HTTP client would resolve `..` in a path, also when encoded.
 *
 * @throws ImageNotFound when the id is not a UUID.
 */
export function pathOf(image_id: string): string {
  if (!isUuid(image_id)) throw new ImageNotFound(`There is no image "${image_id}".`);
  return `${imagesPath}/${image_id}`;
}

/** Requests to Image API v2 for image records, without image data. */
export class ImageRecords {
  readonly #client: GlanceClient;

  constructor(client: GlanceClient) {
    this.#client = client;
  }

  async show(caller: Caller, image_id: string): Promise<RoutedRecord> {
    const request: GlanceRequest = { ...caller, method: 'GET', path: pathOf(image_id), repeatable: true };
    const { reply, endpoint } = await this.#expect(request, 200, image_id);
    return { record: recordOf(reply, image_id), endpoint };
  }

  /** Reads all pages of the list. The service filters by fields to save pages; then all filters are applied here. */
  async list(caller: Caller, filters: ImageFilters | undefined): Promise<ImageRecord[]> {
    const records: ImageRecord[] = [];
    const seen = new Set<string>();
    for (let query: string | undefined = queryOf(filters); query !== undefined;) {
      seen.add(query);
      const request: GlanceRequest = { ...caller, method: 'GET', path: imagesPath, query, repeatable: true };
      const { reply, endpoint } = await this.#expect(request, 200, undefined);
      const { images, next } = parseServiceJson(reply.content, pageSchema, 'the list of images');
      records.push(...images.filter((image) => passes(image, filters)));
      query = next === undefined ? undefined : nextQuery(next, endpoint);
      if (query !== undefined && seen.has(query)) {
        throw new ImageServiceProtocolError('the list of images links back to an earlier page');
      }
    }
    return records;
  }

  /**
   * Sends the request only once. After a lost answer, an image that this request created could not be distinguished
   * from another client's image with the same id.
   */
  async create(caller: Caller, id: string, metadata: ImageMetadata): Promise<RoutedRecord> {
    const body = Buffer.from(JSON.stringify(newImageOf(id, metadata)));
    const headers = { 'Content-Type': 'application/json' };
    const request: GlanceRequest = {
      ...caller,
      method: 'POST',
      path: imagesPath,
      headers,
      body,
      repeatable: false,
    };
    const { reply, endpoint } = await this.#expect(request, 201, undefined);
    return { record: recordOf(reply, id), endpoint };
  }

  async change(caller: Caller, image_id: string, metadata: ImageMetadata): Promise<RoutedRecord> {
    const patch = patchOf(metadata);
    if (patch.length === 0) return this.show(caller, image_id);
    const body = Buffer.from(JSON.stringify(patch));
    const headers = { 'Content-Type': patchType };
    const path = pathOf(image_id);
    const request: GlanceRequest = { ...caller, method: 'PATCH', path, headers, body, repeatable: true };
    const { reply, endpoint } = await this.#expect(request, 200, image_id);
    return { record: recordOf(reply, image_id), endpoint };
  }

  /** @throws ImageDeleteConflict when the image is protected or in use. */
  async delete(caller: Caller, image_id: string): Promise<void> {
    const request: GlanceRequest = { ...caller, method: 'DELETE', path: pathOf(image_id), repeatable: true };
    const { reply, again } = await this.#client.call(request);
    if (reply.status === 204) return;
    // An earlier attempt deleted the image, and its answer was lost.
    if (reply.status === 404 && again) return;
    const cause = refusal(request, reply, image_id);
    if (reply.status === 409 || (reply.status === 403 && (await this.#isProtected(caller, image_id)))) {
      throw new ImageDeleteConflict(`Image ${image_id} is protected or in use.`, { cause });
    }
    throw cause;
  }

  async #isProtected(caller: Caller, image_id: string): Promise<boolean> {
    const { record } = await this.show(caller, image_id);
    return record.protected;
  }

  async #expect(
    request: GlanceRequest,
    status: number,
    image_id: string | undefined,
  ): Promise<Routed<Reply>> {
    const routed = await this.#client.call(request);
    if (routed.reply.status !== status) throw refusal(request, routed.reply, image_id);
    return routed;
  }
}

/**
 * @throws ImageNotFound when the image is deleted: Glance shows its record to administrators, and for a moment to all.
 */
function recordOf(reply: Reply, image_id: string): ImageRecord {
  const record = parseServiceJson(reply.content, recordSchema, `the record of image ${image_id}`);
  if (record.id.toLowerCase() !== image_id.toLowerCase())
    throw new ImageServiceProtocolError(`the record of image ${image_id} is that of image ${record.id}`);
  if (record.status === 'deleted' || record.status === 'pending_delete')
    throw new ImageNotFound(`There is no image ${image_id}: it is deleted.`);
  return record;
}

/** Words that have a meaning of their own in the query of a list. Such a property is compared on this side only. */
const queryWords: ReadonlySet<string> = new Set([
  ...['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'tag', 'member_status', 'changes-since'],
  ...['size_min', 'size_max', 'is_public', 'deleted'],
]);
const isQueryWord = (property: string): boolean => queryWords.has(property) || !isProperty(property);

/**
 * Without `visibility=all`, Glance omits other projects' community images. `eq:` prevents that Glance reads a name that
 * begins with `in:` as an operator.
 */
function queryOf(filters: ImageFilters = {}): string {
  const { name, status, visibility = 'all', owner, container_format, properties = {} } = filters;
  const query = new URLSearchParams({ limit: pageSize.toString(), visibility });
  if (name !== undefined) query.set('name', `eq:${name}`);
  if (status !== undefined) query.set('status', `eq:${status}`);
  if (container_format !== undefined) query.set('container_format', `eq:${container_format}`);
  if (owner !== undefined) query.set('owner', owner);
  for (const [property, value] of Object.entries(properties))
    if (!isQueryWord(property)) query.set(property, value);
  return `?${query.toString()}`;
}

/**
 * Returns the query of a list's next page.
 *
 * @throws ImageServiceProtocolError when the link leads elsewhere: other servers must not receive the token.
 */
function nextQuery(next: string, endpoint: string): string {
  const base = new URL(endpoint);
  const url = URL.canParse(next, endpoint) ? new URL(next, endpoint) : undefined;
  if (url?.origin !== base.origin || !url.pathname.endsWith(imagesPath)) {
    throw new ImageServiceProtocolError('the list of images links to another server');
  }
  return url.search;
}
