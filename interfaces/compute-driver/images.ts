import type { TaskState } from '../constants/task-states.js';
import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { LongRunningOptions } from '../progress.js';
import type { VerbOptions } from './verb-options.js';

/** Writes down what is being done to the instance. Nova: `update_task_state` of `ComputeManager._snapshot_instance`. */
export type UpdateTaskState = (update: {
  readonly task_state: TaskState;
  /** What the task state must be before. Default: `IMAGE_SNAPSHOT`. */
  readonly expected_state?: TaskState;
}) => Promise<void>;

/** Options of {@link ImageVerbs.snapshot}. Nova has none. */
export type SnapshotOptions = LongRunningOptions;

/** Options of {@link ImageVerbs.cache_image}. Nova has none. */
export type CacheImageOptions = LongRunningOptions;

/** Images out of instances, and images kept for instances. */
export interface ImageVerbs {
  /**
   * Uploads the container's file system and configuration as the data of an image that is there already, without data.
   * Whatever it makes in the engine on the way is gone afterwards.
   *
   * The content of volumes is left out: that of attached volumes, of ephemeral disks, and of folders that the image
   * declares as volumes. An instance that boots from the snapshot finds there what the image has.
   *
   * @param image_id - the image to fill.
   * @param update_task_state - called before the snapshot is taken, with `IMAGE_PENDING_UPLOAD`, and before it is
   * uploaded, with `IMAGE_UPLOADING` and `expected_state` `IMAGE_PENDING_UPLOAD`.
   * @throws InstanceNotRunning when there is no such instance.
   * @throws InstanceInvalidState when its files are larger than the flavor's disk, or lie too deep to be copied.
   * @throws ImageNotFound when the image is gone; ImageQuotaExceeded when it does not fit the quota.
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
   * Has the instance bring its file systems to rest before its volumes are snapshotted.
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
   * Ends what {@link quiesce} began.
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
   * Gets an image into the engine before anybody boots from it.
   *
   * @returns true when it was fetched, false when it was there.
   * @throws ImageNotFound, ImageNotActive or ImageUnacceptable when it cannot be booted.
   * Nova: `ComputeDriver.cache_image`.
   */
  cache_image(context: RequestContext, image_id: string, options?: LongRunningOptions): Promise<boolean>;

  /**
   * Removes images from the engine that no instance needs any more.
   *
   * @param all_instances - the instances whose images stay.
   * Nova: `ComputeDriver.manage_image_cache`.
   */
  manage_image_cache(
    context: RequestContext,
    all_instances: readonly Instance[],
    options?: VerbOptions,
  ): Promise<void>;
}
