import type { Readable } from 'node:stream';
import type { RequestContext } from './objects/request-context.js';
import type { LongRunningOptions } from './progress.js';

/** The states of an image (Image API v2). Only `active` has data to boot from. */
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

/** Who may read an image (Image API v2). */
export type ImageVisibility = 'public' | 'private' | 'shared' | 'community';

/** An image as its service knows it, with Glance's fields. */
export interface ImageRecord {
  readonly id: string;
  readonly name: string | null;
  readonly status: ImageStatus;
  /** `docker` for what this driver boots; null while the image is queued. */
  readonly container_format: string | null;
  readonly disk_format: string | null;
  /** Bytes of data; null while there is none. */
  readonly size: number | null;
  /** MD5 of the data, in hexadecimal. */
  readonly checksum: string | null;
  /** The algorithm of `os_hash_value`, `sha512` unless the operator chose another. */
  readonly os_hash_algo: string | null;
  readonly os_hash_value: string | null;
  /** Least root disk, GiB. */
  readonly min_disk: number;
  /** Least memory, MiB. */
  readonly min_ram: number;
  readonly visibility: ImageVisibility;
  /** The project that owns the image. */
  readonly owner: string | null;
  readonly protected: boolean;
  readonly tags: readonly string[];
  /** Everything else that is recorded of the image: `os_command_line`, `hw_architecture`, … */
  readonly properties: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** The fields of an image that its creator may set. */
export interface ImageMetadata {
  /** The id to give it; the service makes one up where this is absent. Only for `create`. */
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

/** Which images to list: every field given must equal the record's. */
export interface ImageFilters {
  readonly name?: string;
  readonly status?: ImageStatus;
  readonly visibility?: ImageVisibility;
  readonly owner?: string;
  readonly container_format?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** A range of an image's bytes, both ends included, as HTTP counts them. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Options of {@link ImageService.download}. */
export interface DownloadOptions extends LongRunningOptions {
  /** Only these bytes. A part cannot be verified: hashes are those of the whole. */
  readonly range?: ByteRange;
}

/**
 * Where images live. The verbs of Nova's own image API (nova/image/glance.py), the same for a folder, for Glance or for
 * an orchestrator's own service.
 *
 * Every verb throws {@link ImageNotFound} when the image is not there or is hidden from the caller, and
 * {@link ImageNotAuthorized} when it may not be touched.
 */
export interface ImageService {
  /** One image's record. */
  show(
    context: RequestContext,
    image_id: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ImageRecord>;

  /** The records of all images that the caller may see and that pass the filters. */
  detail(
    context: RequestContext,
    options?: { readonly filters?: ImageFilters; readonly signal?: AbortSignal | undefined },
  ): Promise<ImageRecord[]>;

  /**
   * An image's data, verified as it flows: the stream is destroyed with {@link ImageUnacceptable} instead of ending
   * when the bytes are too few, too many, or do not hash to what the record says. The caller owns the stream and must
   * consume or destroy it.
   *
   * @throws ImageNotActive when the image has no data (yet).
   */
  download(context: RequestContext, image_id: string, options?: DownloadOptions): Promise<Readable>;

  /**
   * Makes an image; `queued` without data, `active` with. The service consumes `data` and closes it on failure, and a
   * failed or aborted upload leaves no image behind.
   *
   * @param data - a stream of Node or of the web, or any other async iterable of bytes.
   * @throws InvalidInput when it is something else.
   */
  create(
    context: RequestContext,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options?: LongRunningOptions,
  ): Promise<ImageRecord>;

  /**
   * Changes an image's metadata (properties given are added or replaced, none is removed), and uploads its data when
   * `data` is given: then it must be `queued`, and is `active` afterwards. After a failed or aborted upload the image
   * is `queued` as before where the service can do so, else deleted: never half uploaded.
   *
   * @param data - as {@link create} takes it.
   */
  update(
    context: RequestContext,
    image_id: string,
    metadata: ImageMetadata,
    data?: AsyncIterable<Uint8Array>,
    options?: LongRunningOptions,
  ): Promise<ImageRecord>;

  /**
   * The URLs of the servers that the service talks to. May be left out by a service that talks to none, or does not
   * know them. The driver keeps their addresses from the networks of instances, so that no instance gets the requests,
   * and the tokens in them.
   *
   * @throws GlanceConnectionFailed when they cannot be found out: then no network is made.
   */
  servers?(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]>;

  /**
   * Deletes an image and its data.
   *
   * @throws ImageDeleteConflict when it is protected or in use.
   */
  delete(
    context: RequestContext,
    image_id: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
}
