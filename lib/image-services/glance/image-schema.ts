import { z } from 'zod';
import type { ImageRecord } from '../../../interfaces/index.js';
import { isUuid } from '../../common/index.js';
import { imageStatus, imageVisibility, isProperty } from '../shared/index.js';

const text = z.string().nullish().default(null);

/** An image as Image API v2 returns it: its properties stand beside the standard fields. */
const imageSchema = z.looseObject({
  id: z.string().refine(isUuid, 'is not an image id'),
  name: text,
  status: imageStatus,
  container_format: text,
  disk_format: text,
  size: z.int().min(0).nullish().default(null),
  checksum: text,
  os_hash_algo: text,
  os_hash_value: text,
  min_disk: z.int().nullish().default(null),
  min_ram: z.int().nullish().default(null),
  visibility: imageVisibility,
  owner: text,
  protected: z.boolean().default(false),
  tags: z.array(z.string()).default([]),
  created_at: z.string(),
  updated_at: z.string(),
});

/** Parses an image of Image API v2 into a record. */
export const recordSchema = imageSchema.transform((image): ImageRecord => ({
  id: image.id,
  name: image.name,
  status: image.status,
  container_format: image.container_format,
  disk_format: image.disk_format,
  size: image.size,
  checksum: image.checksum,
  os_hash_algo: image.os_hash_algo,
  os_hash_value: image.os_hash_value,
  min_disk: image.min_disk ?? 0,
  min_ram: image.min_ram ?? 0,
  visibility: image.visibility,
  owner: image.owner,
  protected: image.protected,
  tags: image.tags,
  properties: propertiesOf(image),
  created_at: image.created_at,
  updated_at: image.updated_at,
}));

/** A page of a list, with the link to the next page. */
export const pageSchema = z.object({ images: z.array(recordSchema), next: z.string().optional() });

/**
 * Returns the properties as strings. An operator's schema may allow other types: they are encoded as JSON. Properties
 * with the value null are omitted.
 */
function propertiesOf(image: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(image)
      .filter(([name, value]) => isProperty(name) && value !== null)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
