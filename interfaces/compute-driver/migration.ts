import type { BlockDeviceInfo } from '../objects/block-device-info.js';
import type { Flavor } from '../objects/flavor.js';
import type { ImageMeta } from '../objects/image-meta.js';
import type { Instance } from '../objects/instance.js';
import type { Migration } from '../objects/migration.js';
import type { NetworkInfo } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { LongRunningOptions } from '../progress.js';
import type { Allocations } from './allocations.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link MigrationVerbs.migrate_disk_and_power_off}. */
export interface MigrateDiskOptions extends LongRunningOptions {
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
  /** Seconds that the container gets to stop by itself before it is killed. Default: 0, it is killed at once. */
  readonly timeout?: number;
  /** Seconds between two requests to stop. Default: 0, only one request. */
  readonly retry_interval?: number;
}

/** Options of {@link MigrationVerbs.finish_revert_migration}. */
export interface FinishRevertMigrationOptions extends LongRunningOptions {
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
  /** Whether to start the container. Default: true. */
  readonly power_on?: boolean;
}

/** Options of {@link MigrationVerbs.finish_migration}. */
export interface FinishMigrationOptions extends FinishRevertMigrationOptions {
  /** Whether the flavor changes. Default: false; Nova always passes it. */
  readonly resize_instance?: boolean;
  /** The resources that Placement has allocated to the instance. Default: none. */
  readonly allocations?: Allocations | null;
}

/** Cold migration and resize. */
export interface MigrationVerbs {
  /**
   * On the source: stops the container and makes its files available to the destination. The container is kept until
   * the migration is confirmed.
   *
   * @param dest - the IP address of the destination.
   * @param flavor - the instance's flavor on the destination.
   * @returns the `disk_info` for the destination's {@link finish_migration}.
   * @throws InstanceFaultRollback when it failed or was refused, and the instance is as it was before.
   * @throws MigrationError when it failed, and the instance may not be as it was.
   * Nova: `ComputeDriver.migrate_disk_and_power_off`.
   */
  migrate_disk_and_power_off(
    context: RequestContext,
    instance: Instance,
    dest: string,
    flavor: Flavor,
    network_info: NetworkInfo,
    options?: MigrateDiskOptions,
  ): Promise<string | null>;

  /**
   * On the destination: recreates the container, with its new flavor.
   *
   * @throws MigrationError when the engine refuses.
   * Nova: `ComputeDriver.finish_migration`.
   */
  finish_migration(
    context: RequestContext,
    migration: Migration,
    instance: Instance,
    disk_info: string | null,
    network_info: NetworkInfo,
    image_meta: ImageMeta,
    options?: FinishMigrationOptions,
  ): Promise<void>;

  /**
   * On the source: removes what {@link migrate_disk_and_power_off} kept. The new container stays, even if it is on this
   * host.
   *
   * @throws MigrationError when the engine refuses.
   * Nova: `ComputeDriver.confirm_migration`.
   */
  confirm_migration(
    context: RequestContext,
    migration: Migration,
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /**
   * On the source: reverts {@link migrate_disk_and_power_off}.
   *
   * @throws MigrationError when the engine refuses.
   * Nova: `ComputeDriver.finish_revert_migration`.
   */
  finish_revert_migration(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    migration: Migration,
    options?: FinishRevertMigrationOptions,
  ): Promise<void>;

  /**
   * On the destination of an evacuation: starts the check whether the two hosts share the instance's files.
   *
   * @returns the data for {@link check_instance_shared_storage_remote} on the other host.
   * Nova: `ComputeDriver.check_instance_shared_storage_local`.
   */
  check_instance_shared_storage_local(
    context: RequestContext,
    instance: Instance,
    options?: VerbOptions,
  ): Promise<Readonly<Record<string, unknown>>>;

  /**
   * On the other host: returns whether the two hosts share the instance's files.
   *
   * Nova: `ComputeDriver.check_instance_shared_storage_remote`.
   */
  check_instance_shared_storage_remote(
    context: RequestContext,
    data: Readonly<Record<string, unknown>>,
    options?: VerbOptions,
  ): Promise<boolean>;

  /**
   * Cleans up after {@link check_instance_shared_storage_local}.
   *
   * Nova: `ComputeDriver.check_instance_shared_storage_cleanup`.
   */
  check_instance_shared_storage_cleanup(
    context: RequestContext,
    data: Readonly<Record<string, unknown>>,
    options?: VerbOptions,
  ): Promise<void>;
}
