/**
 * An image as Nova passes it to a driver. It has no content hash, and after a resize little more than the id; the image
 * service has the rest. Nova: `nova.objects.ImageMeta`.
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
  /** The size of the data, bytes. */
  readonly size?: number | null;
  readonly container_format?: string | null;
  readonly disk_format?: string | null;
  /** Minimum memory, MiB. */
  readonly min_ram?: number | null;
  /** Minimum root disk, GiB. */
  readonly min_disk?: number | null;
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
  readonly direct_url?: string | null;
  /** `os_command_line`, `os_shutdown_timeout`, `hw_architecture`, … */
  readonly properties?: Readonly<Record<string, unknown>>;
}
