/**
 * What Nova hands a driver of an image. Nova: `nova.objects.ImageMeta`. It holds no content hash, and after a resize
 * hardly more than the id: the image service knows the rest.
 */
export interface ImageMeta {
  readonly id: string;
  readonly name?: string | null;
  readonly status?: string | null;
  readonly visibility?: string | null;
  readonly protected?: boolean | null;
  readonly owner?: string | null;
  /** MD5 of the data. */
  readonly checksum?: string | null;
  /** Bytes of data. */
  readonly size?: number | null;
  readonly container_format?: string | null;
  readonly disk_format?: string | null;
  /** Least memory, MiB. */
  readonly min_ram?: number | null;
  /** Least root disk, GiB. */
  readonly min_disk?: number | null;
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
  readonly direct_url?: string | null;
  /** `os_command_line`, `os_shutdown_timeout`, `hw_architecture`, … */
  readonly properties?: Readonly<Record<string, unknown>>;
}
