import { z } from 'zod';
import { InvalidInput, type ImageMetadata, type ImageRecord } from '../../../interfaces/index.js';
import { isUuid } from '../../common/index.js';
import { ImageConflict } from './exceptions.js';
import { imageVisibility } from './record.js';

/**
 * The attributes that the Image API itself defines (schema `image` of Glance 25.1). On the wire they stand beside the
 * properties, so no property may be called like one of them.
 */
const baseAttributes: ReadonlySet<string> = new Set([
  ...['id', 'name', 'status', 'visibility', 'protected', 'owner', 'tags', 'os_hidden'],
  ...['container_format', 'disk_format', 'min_disk', 'min_ram', 'created_at', 'updated_at'],
  ...['size', 'virtual_size', 'checksum', 'os_hash_algo', 'os_hash_value'],
  ...['file', 'self', 'schema', 'direct_url', 'locations', 'stores'],
]);

/** Whether an attribute is one of an image's own properties, not one that the Image API defines. */
export const isProperty = (attribute: string): boolean => !baseAttributes.has(attribute);

const word = z.string().min(1).max(255);
const amount = z.int().min(0).max(2147483647);

/** What may be set, with the limits of Glance's database. */
const metadataSchema = z.strictObject({
  id: z.string().refine(isUuid, 'must be a UUID').optional(),
  name: z.string().max(255).optional(),
  container_format: word.optional(),
  disk_format: word.optional(),
  min_disk: amount.optional(),
  min_ram: amount.optional(),
  visibility: imageVisibility.optional(),
  owner: word.optional(),
  protected: z.boolean().optional(),
  tags: z.array(word).max(128).optional(),
  properties: z
    .record(word.refine(isProperty, 'is the name of an attribute of every image'), z.string().max(65535))
    .optional(),
});

/**
 * Checks what a caller wants an image to be.
 *
 * @throws InvalidInput naming each field that cannot be used.
 */
export function checkMetadata(metadata: ImageMetadata): void {
  const checked = metadataSchema.safeParse(metadata);
  if (checked.success) return;
  throw new InvalidInput(`The image's metadata cannot be used: ${z.prettifyError(checked.error)}`);
}

/** What tells of a record, or of what shall become one, whether it may have data. */
interface Formats {
  readonly id?: string;
  readonly container_format?: string | null;
  readonly disk_format?: string | null;
}

/**
 * Data without a name for what it is could never be booted; Glance refuses it too.
 *
 * @throws InvalidInput when the image lacks its container format or disk format.
 */
export function checkFormats({ id, container_format, disk_format }: Formats): void {
  if (typeof container_format === 'string' && typeof disk_format === 'string') return;
  throw new InvalidInput(
    `Image ${id ?? '(new)'} needs a container_format and a disk_format before it can have data.`,
  );
}

/** @throws ImageConflict when the image has data, or somebody is uploading it. */
export function checkQueued({ id, status }: ImageRecord): void {
  if (status === 'queued') return;
  throw new ImageConflict(`Image ${id} is ${status}: only a queued image can be given data.`);
}

/**
 * An id is for life.
 *
 * @throws InvalidInput when an update names another id than the image's.
 */
export function checkSameId(image_id: string, metadata: ImageMetadata): void {
  if (metadata.id === undefined || metadata.id === image_id) return;
  throw new InvalidInput(`Image ${image_id} cannot be given the id ${metadata.id}.`);
}
