import { z } from 'zod';
import { ImageNotAuthorized, type ImageMetadata, type ImageRecord } from '../../../interfaces/index.js';
import { checkQueued, imageRecord, imageStatus, type Digest } from '../shared/index.js';
import { ImageStoreError } from './exceptions.js';
import { isData } from './layout.js';

const hex = z.string().regex(/^[0-9a-f]+$/);
const amount = z.int().min(0);

const recordSchema = z.strictObject({
  ...imageRecord.shape,
  status: imageStatus.extract(['queued', 'active', 'deactivated', 'deleted']),
  checksum: hex.nullable(),
  os_hash_value: hex.nullable(),
  min_disk: amount,
  min_ram: amount,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

/** A stored image. */
export interface StoredImage {
  /** The record. Its status is `deleted` while the image is being removed. */
  readonly record: ImageRecord;
  /** The name of the data file in the image's folder; null without data. */
  readonly data: string | null;
}

/** The content of a metadata file. */
const fileSchema = z.strictObject({
  format: z.literal(1),
  data: z.string().refine(isData, 'is not the name of a data file').nullable(),
  record: recordSchema,
}) satisfies z.ZodType<StoredImage>;

/**
 * Parses and validates the content of a metadata file.
 *
 * @throws ImageStoreError when the content is malformed or belongs to another image.
 */
export function parseStoredImage(content: string, id: string, path: string): StoredImage {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new ImageStoreError(path, 'is not JSON', error);
  }
  const checked = fileSchema.safeParse(value);
  if (!checked.success) throw new ImageStoreError(path, z.prettifyError(checked.error), checked.error);
  const { record, data } = checked.data;
  if (record.id !== id) throw new ImageStoreError(path, `describes image ${record.id}`);
  return { record, data };
}

/** Formats the content of a metadata file. */
export const formatStoredImage = ({ record, data }: StoredImage): string =>
  `${JSON.stringify({ format: 1, data, record }, undefined, 2)}\n`;

/** Returns the record of a new image without data. */
export function newRecord(id: string, owner: string | null, metadata: ImageMetadata): ImageRecord {
  const now = new Date().toISOString();
  return {
    id,
    name: metadata.name ?? null,
    status: 'queued',
    container_format: metadata.container_format ?? null,
    disk_format: metadata.disk_format ?? null,
    size: null,
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    min_disk: metadata.min_disk ?? 0,
    min_ram: metadata.min_ram ?? 0,
    visibility: metadata.visibility ?? 'shared',
    owner: metadata.owner ?? owner,
    protected: metadata.protected ?? false,
    tags: distinct(metadata.tags ?? []),
    properties: { ...metadata.properties },
    created_at: now,
    updated_at: now,
  };
}

/**
 * Applies a metadata change to a record.
 *
 * @throws ImageNotAuthorized when the change would set a format of an image that has data; Glance refuses this too.
 */
export function changedRecord(record: ImageRecord, metadata: ImageMetadata): ImageRecord {
  const { container_format, disk_format } = metadata;
  if (record.status !== 'queued' && (container_format !== undefined || disk_format !== undefined)) {
    throw new ImageNotAuthorized(`Image ${record.id} has data: its formats can no longer change.`);
  }
  return {
    ...record,
    name: metadata.name ?? record.name,
    container_format: container_format ?? record.container_format,
    disk_format: disk_format ?? record.disk_format,
    min_disk: metadata.min_disk ?? record.min_disk,
    min_ram: metadata.min_ram ?? record.min_ram,
    visibility: metadata.visibility ?? record.visibility,
    owner: metadata.owner ?? record.owner,
    protected: metadata.protected ?? record.protected,
    tags: metadata.tags === undefined ? record.tags : distinct(metadata.tags),
    properties: { ...record.properties, ...metadata.properties },
    updated_at: new Date().toISOString(),
  };
}

/**
 * Returns the record after an upload of its data.
 *
 * @throws ImageConflict when the image already has data.
 */
export function activeRecord(record: ImageRecord, digest: Digest): ImageRecord {
  checkQueued(record);
  return {
    ...record,
    status: 'active',
    size: digest.size,
    checksum: digest.value('md5') ?? null,
    os_hash_algo: 'sha512',
    os_hash_value: digest.value('sha512') ?? null,
    updated_at: new Date().toISOString(),
  };
}

const distinct = (tags: readonly string[]): string[] => [...new Set(tags)];
