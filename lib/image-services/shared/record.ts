import { z } from 'zod';
import type { ImageRecord, ImageStatus, ImageVisibility } from '../../../interfaces/index.js';

/** An object that has each word of a union as key and value: the compiler finds a word that is missing. */
type Words<Word extends string> = { readonly [Each in Word]: Each };

/** The states of an image (Image API v2). */
export const imageStatus = z.enum({
  queued: 'queued',
  saving: 'saving',
  uploading: 'uploading',
  importing: 'importing',
  active: 'active',
  deactivated: 'deactivated',
  killed: 'killed',
  deleted: 'deleted',
  pending_delete: 'pending_delete',
} satisfies Words<ImageStatus>);

/** The projects that may read an image (Image API v2). */
export const imageVisibility = z.enum({
  public: 'public',
  private: 'private',
  shared: 'shared',
  community: 'community',
} satisfies Words<ImageVisibility>);

const text = z.string().nullable();

/** A record as image services return it. */
export const imageRecord = z.object({
  id: z.string(),
  name: text,
  status: imageStatus,
  container_format: text,
  disk_format: text,
  size: z.int().nonnegative().nullable(),
  checksum: text,
  os_hash_algo: text,
  os_hash_value: text,
  min_disk: z.number(),
  min_ram: z.number(),
  visibility: imageVisibility,
  owner: text,
  protected: z.boolean(),
  tags: z.array(z.string()),
  properties: z.record(z.string(), z.string()),
  created_at: z.string(),
  updated_at: z.string(),
}) satisfies z.ZodType<ImageRecord>;

/** A field that a service may omit or set to null. */
const optional = <T>(type: z.ZodType<T>): z.ZodType<T | null> =>
  type.nullish().transform((value) => value ?? null);

/**
 * The fields of a record that the driver reads. All other fields may be missing or have any value. Without `visibility`
 * the image counts as private; without `properties` it has none.
 */
export const shownImage = z.object({
  id: z.string(),
  status: imageStatus,
  container_format: optional(z.string()),
  size: optional(z.int().nonnegative()),
  checksum: optional(z.string()),
  os_hash_algo: optional(z.string()),
  os_hash_value: optional(z.string()),
  visibility: optional(imageVisibility).transform((visibility) => visibility ?? 'private'),
  owner: optional(z.string()),
  properties: optional(z.record(z.string(), z.string())).transform((properties) => properties ?? {}),
});

/** See {@link shownImage}. */
export type ShownImage = z.output<typeof shownImage>;
