import type { TaskState } from '../constants/task-states.js';
import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { LongRunningOptions } from '../progress.js';
import type { VerbOptions } from './verb-options.js';

/** Records the task state of the instance. Nova: `update_task_state` of `ComputeManager._snapshot_instance`. */
export type UpdateTaskState = (update: {
  readonly task_state: TaskState;
  /** The required previous task state. Default: `IMAGE_SNAPSHOT`. */
  readonly expected_state?: TaskState;
}) => Promise<void>;

/** Options of {@link ImageVerbs.snapshot}. Nova has none. */
export type SnapshotOptions = LongRunningOptions;

/** Options of {@link ImageVerbs.cache_image}. Nova has none. */
export type CacheImageOptions = LongRunningOptions;

/** Snapshots of instances, and the cache of images. */
export interface ImageVerbs {
  /**
   * Uploads the container's file system and configuration as the data of an existing image without data. Afterwards the
   * engine has no temporary objects left.
   *
   * The content of volumes is excluded: attached volumes, ephemeral disks, and folders that the image declares as
   * volumes. An instance that boots from the snapshot has there what the image contains.
   *
   * @param image_id - the image that gets the data.
   * @param update_task_state - called with `IMAGE_PENDING_UPLOAD` before the snapshot is taken, and with
   * `IMAGE_UPLOADING` and `expected_state` `IMAGE_PENDING_UPLOAD` before it is uploaded.
   * @throws InstanceNotRunning when there is no such instance.
   * @throws InstanceInvalidState when its files exceed the flavor's disk, or are nested too deep to be copied.
   * @throws ImageNotFound when the image is gone; ImageQuotaExceeded when the data exceeds the quota.
   * Nova: `ComputeDriver.snapshot`.
   */
  snapshot(
    context: RequestContext,
    instance: Instance,
    image_id: string,
    update_task_state: UpdateTaskState,
    options?: SnapshotOptions,
  ): Promise<void>;

  /**
   * Makes the instance flush and freeze its file systems before its volumes are snapshotted.
   *
   * Nova: `ComputeDriver.quiesce`.
   */
  quiesce(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Reverts {@link quiesce}.
   *
   * Nova: `ComputeDriver.unquiesce`.
   */
  unquiesce(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * Loads an image into the engine before an instance boots from it.
   *
   * @returns true if the image was loaded, false if the engine already had it.
   * @throws ImageNotFound, ImageNotActive or ImageUnacceptable when it cannot be booted.
   * Nova: `ComputeDriver.cache_image`.
   */
  cache_image(context: RequestContext, image_id: string, options?: LongRunningOptions): Promise<boolean>;

  /**
   * Removes unused images from the engine.
   *
   * @param all_instances - the instances whose images are kept.
   * Nova: `ComputeDriver.manage_image_cache`.
   */
  manage_image_cache(
    context: RequestContext,
    all_instances: readonly Instance[],
    options?: VerbOptions,
  ): Promise<void>;
}
