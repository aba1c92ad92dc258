import { z } from 'zod';
import { InvalidInput, type ImageMetadata, type ImageRecord } from '../../../interfaces/index.js';
import { type FieldsOf, isUuid } from '../../common/index.js';
import { ImageConflict } from './exceptions.js';
import { imageVisibility } from './record.js';

/**
 * The attributes that the Image API itself defines (schema `image` of Glance 25.1). The API puts properties beside them
 * in the same JSON object, so a property must not have the name of an attribute.
 */
const baseAttributes: ReadonlySet<string> = new Set([
  ...['id', 'name', 'status', 'visibility', 'protected', 'owner', 'tags', 'os_hidden'],
  ...['container_format', 'disk_format', 'min_disk', 'min_ram', 'created_at', 'updated_at'],
  ...['size', 'virtual_size', 'checksum', 'os_hash_algo', 'os_hash_value'],
  ...['file', 'self', 'schema', 'direct_url', 'locations', 'stores'],
]);

/** Whether an attribute is a custom property of an image, not an attribute that the Image API defines. */
export const isProperty = (attribute: string): boolean => !baseAttributes.has(attribute);

const word = z.string().min(1).max(255);
const amount = z.int().min(0).max(2147483647);

/** The fields that a caller may set, with the limits of Glance's database. */
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
} satisfies FieldsOf<ImageMetadata>);

/**
 * Validates the metadata that a caller wants to set.
 *
 * @throws InvalidInput naming each invalid field.
 */
export function checkMetadata(metadata: ImageMetadata): void {
  const checked = metadataSchema.safeParse(metadata);
  if (checked.success) return;
  throw new InvalidInput(`The image's metadata cannot be used: ${z.prettifyError(checked.error)}`);
}

/** The fields of a record, or of new metadata, that decide whether the image may have data. */
interface Formats {
  readonly id?: string;
  readonly container_format?: string | null;
  readonly disk_format?: string | null;
}

/**
 * Refuses data without formats: the image could never boot. Glance refuses it too.
 *
 * @throws InvalidInput when the image has no container format or no disk format.
 */
export function checkFormats({ id, container_format, disk_format }: Formats): void {
  if (typeof container_format === 'string' && typeof disk_format === 'string') return;
  throw new InvalidInput(
    `Image ${id ?? '(new)'} needs a container_format and a disk_format before it can have data.`,
  );
}

/** @throws ImageConflict when the image already has data, or an upload is running. */
export function checkQueued({ id, status }: ImageRecord): void {
  if (status === 'queued') return;
  throw new ImageConflict(`Image ${id} is ${status}: only a queued image accepts data.`);
}

/**
 * Refuses to change an image's id.
 *
 * @throws InvalidInput when an update's metadata has another id than the image.
 */
export function checkSameId(image_id: string, metadata: ImageMetadata): void {
  if (metadata.id === undefined || metadata.id === image_id) return;
  throw new InvalidInput(`The id of image ${image_id} cannot change to ${metadata.id}.`);
}
