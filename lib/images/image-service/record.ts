import { z } from 'zod';

/** The states of an image (Image API v2). */
export const imageStatus = z.enum([
  ...(['queued', 'saving', 'uploading', 'importing', 'active'] as const),
  ...(['deactivated', 'killed', 'deleted', 'pending_delete'] as const),
]);

/** Who may read an image (Image API v2). */
export const imageVisibility = z.enum(['public', 'private', 'shared', 'community']);

const text = z.string().nullable();

/** A record as image services show it. */
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
});
