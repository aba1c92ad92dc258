import type { Readable } from 'node:stream';
import type { RequestContext } from './objects/request-context.js';
import type { LongRunningOptions } from './progress.js';

/** The states of an image (Image API v2). Only an `active` image has data to boot from. */
export type ImageStatus =
  | 'queued'
  | 'saving'
  | 'uploading'
  | 'importing'
  | 'active'
  | 'deactivated'
  | 'killed'
  | 'deleted'
  | 'pending_delete';

/** The projects that may read an image (Image API v2). */
export type ImageVisibility = 'public' | 'private' | 'shared' | 'community';

/** An image's record, with Glance's fields. */
export interface ImageRecord {
  readonly id: string;
  readonly name: string | null;
  readonly status: ImageStatus;
  /** `docker` for images that this driver boots; may be null while the image is queued. */
  readonly container_format: string | null;
  readonly disk_format: string | null;
  /** Size of the data in bytes; null while there is none. */
  readonly size: number | null;
  /** MD5 of the data, in hexadecimal. */
  readonly checksum: string | null;
  /** The algorithm of `os_hash_value`: `sha512`, unless the operator configured another. */
  readonly os_hash_algo: string | null;
  readonly os_hash_value: string | null;
  /** Minimum root disk size in GiB. */
  readonly min_disk: number;
  /** Minimum memory in MiB. */
  readonly min_ram: number;
  readonly visibility: ImageVisibility;
  /** The project that owns the image. */
  readonly owner: string | null;
  readonly protected: boolean;
  readonly tags: readonly string[];
  /** All other properties of the image: `os_command_line`, `hw_architecture`, … */
  readonly properties: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** The fields of an image that its creator may set. */
export interface ImageMetadata {
  /** The image's id. Default: the service generates one. Only for `create`. */
  readonly id?: string;
  readonly name?: string;
  readonly container_format?: string;
  readonly disk_format?: string;
  readonly min_disk?: number;
  readonly min_ram?: number;
  readonly visibility?: ImageVisibility;
  readonly owner?: string;
  readonly protected?: boolean;
  readonly tags?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** Filters for a list of images. A record matches if it equals every given field. */
export interface ImageFilters {
  readonly name?: string;
  readonly status?: ImageStatus;
  readonly visibility?: ImageVisibility;
  readonly owner?: string;
  readonly container_format?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** A range of bytes, both ends included, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Options of {@link ImageService.download}. */
export interface DownloadOptions extends LongRunningOptions {
  /** Returns only these bytes. They are not verified: the hash on record is that of the whole data. */
  readonly range?: ByteRange;
}

/**
 * An image service, with the operations of Nova's image API (nova/image/glance.py). Implemented by a directory, by
 * Glance, or by an orchestrator's own service.
 *
 * Every operation throws {@link ImageNotFound} when the image does not exist or is hidden from the caller, and
 * {@link ImageNotAuthorized} when the caller may not access or change it.
 */
export interface ImageService {
  /** Returns an image's record. */
  show(
    context: RequestContext,
    image_id: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ImageRecord>;

  /** Lists the records of all images that the caller may see and that match the filters. */
  detail(
    context: RequestContext,
    options?: { readonly filters?: ImageFilters; readonly signal?: AbortSignal | undefined },
  ): Promise<ImageRecord[]>;

  /**
   * Streams an image's data and verifies it on the way. If the data is too short, too long, or its hash differs from
   * the record, the stream is destroyed with {@link ImageUnacceptable} instead of ending. The caller owns the stream
   * and must consume or destroy it.
   *
   * @throws ImageNotActive when the image has no data (yet).
   */
  download(context: RequestContext, image_id: string, options?: DownloadOptions): Promise<Readable>;

  /**
   * Creates an image: `queued` without data, `active` with data. The service consumes `data`, and closes it on failure.
   * A failed or aborted upload leaves no image behind.
   *
   * @param data - a Node or web stream, or any other async iterable of bytes.
   * @returns the new record.
   * @throws InvalidInput when `data` is something else.
   */
  create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options?: LongRunningOptions,
  ): Promise<ImageRecord>;

  /**
   * Updates an image's metadata: adds or replaces the given properties and removes none. With `data`, also uploads it:
   * the image must be `queued` and becomes `active`. A failed or aborted upload leaves the image `queued` if the
   * service can do so, else deletes it, but never leaves it half uploaded.
   *
   * @param data - as for {@link create}.
   * @returns the updated record.
   */
  update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options?: LongRunningOptions,
  ): Promise<ImageRecord>;

  /**
   * Returns the URLs of the servers that the service talks to. A service that talks to none, or does not know them, may
   * omit this method. The driver refuses networks whose subnets contain an address of these servers: instances would
   * receive the driver's requests, and the tokens in them. If a value is no URL with a host name or an IP address, the
   * driver creates no network.
   *
   * @throws GlanceConnectionFailed when the URLs cannot be determined. Then the driver creates no network.
   */
  servers?(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]>;

  /**
   * Deletes an image and its data.
   *
   * @throws ImageDeleteConflict when the image is protected or in use.
   */
  delete(
    context: RequestContext,
    image_id: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
}
