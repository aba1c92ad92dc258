import type { BlockDeviceInfo } from '../objects/block-device-info.js';
import type { Instance } from '../objects/instance.js';
import type { Migration } from '../objects/migration.js';
import type { NetworkInfo } from '../objects/network-info.js';
import type { RequestContext } from '../objects/request-context.js';
import type { LongRunningOptions } from '../progress.js';
import type { Allocations } from './allocations.js';
import type { VerbOptions } from './verb-options.js';

/** The data that the two drivers of a live migration exchange. Nova: `nova.objects.migrate_data.LiveMigrateData`. */
export type LiveMigrateData = Readonly<Record<string, unknown>>;

/** Called when a live migration has succeeded. Nova: `ComputeManager._post_live_migration`. */
export type PostLiveMigration = (
  context: RequestContext,
  instance: Instance,
  dest: string,
  block_migration: boolean,
  migrate_data: LiveMigrateData | null,
) => Promise<void>;

/** Called when a live migration has failed. Nova: `ComputeManager._rollback_live_migration`. */
export type RecoverLiveMigration = (
  context: RequestContext,
  instance: Instance,
  dest: string,
  migrate_data: LiveMigrateData | null,
) => Promise<void>;

/** Options of {@link LiveMigrationVerbs.live_migration}. */
export interface LiveMigrationOptions extends LongRunningOptions {
  /** Whether local disks move too. Default: false. */
  readonly block_migration?: boolean;
  /** Default: none. */
  readonly migrate_data?: LiveMigrateData | null;
}

/** Options of {@link LiveMigrationVerbs.rollback_live_migration_at_destination}. */
export interface RollbackLiveMigrationOptions extends VerbOptions {
  /** Whether to delete local disks. Default: true. */
  readonly destroy_disks?: boolean;
  /** Default: none. */
  readonly migrate_data?: LiveMigrateData | null;
}

/** Options of {@link LiveMigrationVerbs.post_live_migration}. */
export interface PostLiveMigrationOptions extends VerbOptions {
  /** Default: none. */
  readonly migrate_data?: LiveMigrateData | null;
}

/** Options of {@link LiveMigrationVerbs.post_live_migration_at_destination}. */
export interface PostLiveMigrationAtDestinationOptions extends VerbOptions {
  /** Whether local disks have moved too. Default: false. */
  readonly block_migration?: boolean;
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
}

/** Options of {@link LiveMigrationVerbs.check_can_live_migrate_destination}. */
export interface CheckDestinationOptions extends VerbOptions {
  /** Whether local disks are to move too. Default: false. */
  readonly block_migration?: boolean;
  /** Whether the disks may exceed the free space. Default: false. */
  readonly disk_over_commit?: boolean;
}

/** Options of {@link LiveMigrationVerbs.check_can_live_migrate_source}. */
export interface CheckSourceOptions extends VerbOptions {
  /** The disks of the instance. Default: none. */
  readonly block_device_info?: BlockDeviceInfo | null;
}

/** Moving a running instance to another host. */
export interface LiveMigrationVerbs {
  /**
   * On the destination: checks whether the instance can arrive. Nova:
   * `ComputeDriver.check_can_live_migrate_destination`.
   */
  check_can_live_migrate_destination(
    context: RequestContext,
    instance: Instance,
    src_compute_info: Readonly<Record<string, unknown>>,
    dst_compute_info: Readonly<Record<string, unknown>>,
    options?: CheckDestinationOptions,
  ): Promise<LiveMigrateData>;

  /** On the destination: cleans up after that check. Nova: `ComputeDriver.cleanup_live_migration_destination_check`. */
  cleanup_live_migration_destination_check(
    context: RequestContext,
    dest_check_data: LiveMigrateData,
    options?: VerbOptions,
  ): Promise<void>;

  /** On the source: checks whether the instance can leave. Nova: `ComputeDriver.check_can_live_migrate_source`. */
  check_can_live_migrate_source(
    context: RequestContext,
    instance: Instance,
    dest_check_data: LiveMigrateData,
    options?: CheckSourceOptions,
  ): Promise<LiveMigrateData>;

  /** On the destination: checks the data from the source. Nova: `ComputeDriver.check_source_migrate_data_at_dest`. */
  check_source_migrate_data_at_dest(
    context: RequestContext,
    instance: Instance,
    migrate_data: LiveMigrateData,
    migration: Migration,
    limits: Readonly<Record<string, unknown>>,
    allocs: Allocations | null,
    options?: VerbOptions,
  ): Promise<LiveMigrateData>;

  /** On the destination: adds the data of its resource claim. Nova: `ComputeDriver.post_claim_migrate_data`. */
  post_claim_migrate_data(
    context: RequestContext,
    instance: Instance,
    migrate_data: LiveMigrateData,
    claim: Readonly<Record<string, unknown>>,
    options?: VerbOptions,
  ): Promise<LiveMigrateData>;

  /** On the destination: prepares networks and disks. Nova: `ComputeDriver.pre_live_migration`. */
  pre_live_migration(
    context: RequestContext,
    instance: Instance,
    block_device_info: BlockDeviceInfo | null,
    network_info: NetworkInfo,
    disk_info: string | null,
    migrate_data: LiveMigrateData,
    options?: VerbOptions,
  ): Promise<LiveMigrateData>;

  /**
   * On the source: moves the instance.
   *
   * @param dest - the destination host.
   * @param post_method - called after a success.
   * @param recover_method - called after a failure.
   * Nova: `ComputeDriver.live_migration`.
   */
  live_migration(
    context: RequestContext,
    instance: Instance,
    dest: string,
    post_method: PostLiveMigration,
    recover_method: RecoverLiveMigration,
    options?: LiveMigrationOptions,
  ): Promise<void>;

  /**
   * On the source: completes the move now, with a pause of the instance. Nova:
   * `ComputeDriver.live_migration_force_complete`.
   */
  live_migration_force_complete(instance: Instance, options?: VerbOptions): Promise<void>;

  /** On the source: aborts the move. Nova: `ComputeDriver.live_migration_abort`. */
  live_migration_abort(instance: Instance, options?: VerbOptions): Promise<void>;

  /** Cleans up the source after a failure. Nova: `ComputeDriver.rollback_live_migration_at_source`. */
  rollback_live_migration_at_source(
    context: RequestContext,
    instance: Instance,
    migrate_data: LiveMigrateData | null,
    options?: VerbOptions,
  ): Promise<void>;

  /** Cleans up the destination after a failure. Nova: `ComputeDriver.rollback_live_migration_at_destination`. */
  rollback_live_migration_at_destination(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    block_device_info: BlockDeviceInfo | null,
    options?: RollbackLiveMigrationOptions,
  ): Promise<void>;

  /** On the source, after the move: disconnects the instance's disks. Nova: `ComputeDriver.post_live_migration`. */
  post_live_migration(
    context: RequestContext,
    instance: Instance,
    block_device_info: BlockDeviceInfo | null,
    options?: PostLiveMigrationOptions,
  ): Promise<void>;

  /**
   * On the source, after the move: unplugs the instance's interfaces. Nova:
   * `ComputeDriver.post_live_migration_at_source`.
   */
  post_live_migration_at_source(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    options?: VerbOptions,
  ): Promise<void>;

  /** On the destination, after the move. Nova: `ComputeDriver.post_live_migration_at_destination`. */
  post_live_migration_at_destination(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    options?: PostLiveMigrationAtDestinationOptions,
  ): Promise<void>;
}
