import type {
  AttachVolumeOptions,
  BlockStats,
  CacheImageOptions,
  CleanupOptions,
  ComputeDriver,
  ConnectionInfo,
  ConsoleConnection,
  ConsoleSpiceConnection,
  DestroyOptions,
  DetachVolumeOptions,
  Diagnostics,
  DriverCapabilities,
  FinishMigrationOptions,
  FinishRevertMigrationOptions,
  Flavor,
  GetAvailableNodesOptions,
  GetInfoOptions,
  GetInstanceDiskInfoOptions,
  HostCpuStats,
  HostResources,
  ImageMeta,
  Instance,
  InstanceInfo,
  LifecycleEvent,
  LifecycleEventListener,
  LiveMigrateData,
  LongRunningOptions,
  MigrateDiskOptions,
  Migration,
  NetworkInfo,
  PowerOffOptions,
  PowerOnOptions,
  ProviderTree,
  RebootOptions,
  RebootType,
  RebuildOptions,
  RequestContext,
  RescueOptions,
  ResumeOptions,
  SpawnOptions,
  UpdateProviderTreeOptions,
  UpdateTaskState,
  VerbOptions,
  VIF,
  VolumeConnector,
  VolumeUsage,
} from '../../interfaces/index.js';
import { noCapabilities } from '../../interfaces/index.js';
import {
  type EventsOptions,
  EventStreams,
  LifecycleEvents,
  type NamedLifecycleEvent,
} from '../events/index.js';
import * as verbs from '../verbs/index.js';
import { capabilitiesAsTraits } from './capabilities-as-traits.js';
import { ComputeHost } from './compute-host.js';
import type { DockerDriverOptions } from './options.js';
import {
  noDeviceNames,
  noDisks,
  noGuestAgent,
  noHostControl,
  noLiveMigration,
  noOtherPowerSwitch,
  noScreen,
  noShares,
  novaDefault,
  orchestratorDecides,
  refused,
  volumesAreFixed,
} from './refusals.js';

/**
 * Nova's virt driver for a Docker Engine: an instance is a container. One driver serves one compute host; call
 * `init_host` first.
 *
 * Verbs on one instance run one after another. A verb whose signal aborts rejects with the signal's reason. A verb
 * whose engine does not answer rejects with HypervisorUnavailable; verbs that remove an instance reject with
 * InstancePowerOffFailure instead, and `migrate_disk_and_power_off` with InstanceFaultRollback.
 *
 * Each method runs a verb of `verbs/`. The verb's file defines its lock, the exception of its failure, and the schemas
 * of its arguments.
 */
export class DockerDriver implements ComputeDriver {
  readonly capabilities: DriverCapabilities = {
    ...noCapabilities,
    has_imagecache: true,
    supports_attach_interface: true,
    supports_evacuate: true,
    supports_image_type_raw: true,
    supports_migrate_to_same_host: true,
  };
  readonly #host: ComputeHost;
  readonly #events: LifecycleEvents;
  readonly #streams: EventStreams;

  /**
   * Validates the options. It sends no request: `init_host` does.
   *
   * @throws InvalidInput naming each option that cannot be used.
   */
  constructor(options: DockerDriverOptions = {}) {
    this.#host = new ComputeHost(options);
    this.#events = new LifecycleEvents(this.#host.logger);
    this.#streams = new EventStreams(this.#host.logger);
  }

  // The host

  /**
   * Starts to serve a host. If the driver serves one already, it first leaves that host as `cleanup_host` does. So
   * after a repeated call that fails, the driver serves no host, and the iterables of `events()` have ended.
   */
  async init_host(host: string, options: VerbOptions = {}): Promise<void> {
    const emit = async (event: LifecycleEvent): Promise<void> => {
      this.#streams.publish(event);
      await this.#events.queue(() => this.emit_event(event));
    };
    await this.#host.start(host, emit, () => this.#streams.endAll(), options);
  }

  /** @throws InvalidInput when the driver serves another host. */
  async cleanup_host(host: string, _options?: VerbOptions): Promise<void> {
    this.#host.validateHost(host);
    await this.#leave(host);
  }

  /** Leaves the host as `cleanup_host` does: `await using driver = new DockerDriver()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  async #leave(host?: string): Promise<void> {
    await this.#host.stop(host);
    // Another host is served if an earlier `init_host` waited for this stop. Its events go on.
    if (this.#host.isServing) return;
    this.#streams.endAll();
    this.#events.clear();
  }

  get_available_resource(nodename: string, options: VerbOptions = {}): Promise<HostResources> {
    return this.#host.run(verbs.getAvailableResource, { nodename }, options);
  }

  update_provider_tree(
    provider_tree: ProviderTree,
    nodename: string,
    options: UpdateProviderTreeOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.updateProviderTree, { provider_tree, nodename }, options);
  }

  capabilities_as_traits(): Promise<Readonly<Record<string, boolean>>> {
    return Promise.resolve(capabilitiesAsTraits(this.capabilities));
  }

  get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return this.#host.run(verbs.getAvailableNodes, {}, options);
  }

  get_nodenames_by_uuid(options: GetAvailableNodesOptions = {}): Promise<Readonly<Record<string, string>>> {
    return this.#host.run(verbs.getNodenamesByUuid, {}, options);
  }

  async node_is_available(nodename: string, options: VerbOptions = {}): Promise<boolean> {
    if ((await this.get_available_nodes(options)).includes(nodename)) return true;
    return (await this.get_available_nodes({ ...options, refresh: true })).includes(nodename);
  }

  is_node_deleted(..._args: Parameters<ComputeDriver['is_node_deleted']>): Promise<boolean> {
    return novaDefault(false);
  }

  get_host_uptime(_options?: VerbOptions): Promise<string> {
    return verbs.getHostUptime(this.#host);
  }

  get_host_ip_addr(_options?: VerbOptions): Promise<string> {
    return verbs.getHostIpAddr(this.#host);
  }

  get_host_cpu_stats(_options?: VerbOptions): Promise<HostCpuStats> {
    return verbs.getHostCpuStats(this.#host);
  }

  host_power_action(..._args: Parameters<ComputeDriver['host_power_action']>): Promise<string> {
    return refused('host_power_action', noHostControl);
  }

  host_maintenance_mode(
    ..._args: Parameters<ComputeDriver['host_maintenance_mode']>
  ): Promise<'on_maintenance' | 'off_maintenance'> {
    return refused('host_maintenance_mode', noHostControl);
  }

  set_host_enabled(..._args: Parameters<ComputeDriver['set_host_enabled']>): Promise<'enabled' | 'disabled'> {
    return refused('set_host_enabled', orchestratorDecides);
  }

  // The instances of the host

  get_info(instance: Instance, options: GetInfoOptions = {}): Promise<InstanceInfo> {
    return this.#host.run(verbs.getInfo, { instance }, options);
  }

  instance_exists(instance: Instance, options: VerbOptions = {}): Promise<boolean> {
    return this.#host.run(verbs.instanceExists, { instance }, options);
  }

  instance_on_disk(instance: Instance, options: VerbOptions = {}): Promise<boolean> {
    return this.#host.run(verbs.instanceOnDisk, { instance }, options);
  }

  async get_num_instances(options: VerbOptions = {}): Promise<number> {
    return (await this.list_instances(options)).length;
  }

  list_instances(options: VerbOptions = {}): Promise<string[]> {
    return this.#host.run(verbs.listInstances, {}, options);
  }

  list_instance_uuids(options: VerbOptions = {}): Promise<string[]> {
    return this.#host.run(verbs.listInstanceUuids, {}, options);
  }

  process_instances_at_startup(
    _context: RequestContext,
    instances: readonly Instance[],
    _options?: VerbOptions,
  ): Promise<readonly Instance[]> {
    return novaDefault(instances);
  }

  // Life cycle

  prepare_for_spawn(..._args: Parameters<ComputeDriver['prepare_for_spawn']>): Promise<void> {
    return novaDefault(undefined);
  }

  failed_spawn_cleanup(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.failedSpawnCleanup, { instance }, options);
  }

  spawn(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options: SpawnOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.spawn, { context, instance, image_meta }, options);
  }

  rebuild(
    context: RequestContext,
    instance: Instance,
    image_meta: ImageMeta,
    options: RebuildOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.rebuild, { context, instance, image_meta }, options);
  }

  destroy(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options: DestroyOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.destroy, { instance, network_info }, options);
  }

  cleanup(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options: CleanupOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.cleanup, { instance, network_info }, options);
  }

  soft_delete(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.softDelete, { instance }, options);
  }

  restore(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.restore, { instance }, options);
  }

  rescue(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    image_meta: ImageMeta,
    options: RescueOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.rescue, { context, instance, network_info, image_meta }, options);
  }

  unrescue(_context: RequestContext, instance: Instance, options: LongRunningOptions = {}): Promise<void> {
    return this.#host.run(verbs.unrescue, { instance }, options);
  }

  delete_instance_files(instance: Instance, options: VerbOptions = {}): Promise<boolean> {
    return this.#host.run(verbs.deleteInstanceFiles, { instance }, options);
  }

  cleanup_lingering_instance_resources(
    ..._args: Parameters<ComputeDriver['cleanup_lingering_instance_resources']>
  ): Promise<boolean> {
    return novaDefault(true);
  }

  set_admin_password(instance: Instance, new_pass: string, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.setAdminPassword, { instance, new_pass }, options);
  }

  // Power

  power_on(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options: PowerOnOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.powerOn, { instance, network_info }, options);
  }

  power_off(instance: Instance, options: PowerOffOptions = {}): Promise<void> {
    return this.#host.run(verbs.powerOff, { instance }, options);
  }

  reboot(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    reboot_type: RebootType,
    options: RebootOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.reboot, { context, instance, network_info, reboot_type }, options);
  }

  pause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.pause, { instance }, options);
  }

  unpause(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.unpause, { instance }, options);
  }

  suspend(_context: RequestContext, instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.suspend, { instance }, options);
  }

  resume(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options: ResumeOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.resume, { instance, network_info }, options);
  }

  resume_state_on_host_boot(
    context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo | null,
    options: ResumeOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.resumeStateOnHostBoot, { context, instance, network_info }, options);
  }

  poll_rebooting_instances(
    timeout: number,
    instances: readonly Instance[],
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.runOnEach(verbs.pollRebootingInstance, instances, { timeout }, options);
  }

  power_update_event(..._args: Parameters<ComputeDriver['power_update_event']>): Promise<void> {
    return refused('power_update_event', noOtherPowerSwitch);
  }

  trigger_crash_dump(instance: Instance, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.triggerCrashDump, { instance }, options);
  }

  // Images

  snapshot(
    context: RequestContext,
    instance: Instance,
    image_id: string,
    update_task_state: UpdateTaskState,
    options: LongRunningOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.snapshot, { context, instance, image_id, update_task_state }, options);
  }

  quiesce(..._args: Parameters<ComputeDriver['quiesce']>): Promise<void> {
    return refused('quiesce', noGuestAgent);
  }

  unquiesce(..._args: Parameters<ComputeDriver['unquiesce']>): Promise<void> {
    return refused('unquiesce', noGuestAgent);
  }

  cache_image(context: RequestContext, image_id: string, options: CacheImageOptions = {}): Promise<boolean> {
    return this.#host.run(verbs.cacheImage, { context, image_id }, options);
  }

  manage_image_cache(
    _context: RequestContext,
    all_instances: readonly Instance[],
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.manageImageCache, { all_instances }, options);
  }

  // Networks

  plug_vifs(instance: Instance, network_info: NetworkInfo | null, options: VerbOptions = {}): Promise<void> {
    return this.#host.run(verbs.plugVifs, { instance, network_info }, options);
  }

  unplug_vifs(
    instance: Instance,
    network_info: NetworkInfo | null,
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.unplugVifs, { instance, network_info }, options);
  }

  attach_interface(
    _context: RequestContext,
    instance: Instance,
    _image_meta: ImageMeta,
    vif: VIF,
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.attachInterface, { instance, vif }, options);
  }

  detach_interface(
    _context: RequestContext,
    instance: Instance,
    vif: VIF,
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.detachInterface, { instance, vif }, options);
  }

  prepare_networks_before_block_device_mapping(
    ..._args: Parameters<ComputeDriver['prepare_networks_before_block_device_mapping']>
  ): Promise<void> {
    return novaDefault(undefined);
  }

  clean_networks_preparation(
    ..._args: Parameters<ComputeDriver['clean_networks_preparation']>
  ): Promise<void> {
    return novaDefault(undefined);
  }

  inject_network_info(..._args: Parameters<ComputeDriver['inject_network_info']>): Promise<void> {
    return novaDefault(undefined);
  }

  network_binding_host_id(
    _context: RequestContext,
    instance: Pick<Instance, 'host'>,
  ): Promise<string | null> {
    return verbs.networkBindingHostId(instance);
  }

  manages_network_binding_host_id(): Promise<boolean> {
    return novaDefault(false);
  }

  // Volumes and disks

  attach_volume(
    _context: RequestContext,
    _connection_info: ConnectionInfo,
    instance: Instance,
    mountpoint: string,
    options: AttachVolumeOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.attachVolume, { instance, mountpoint }, options);
  }

  detach_volume(
    _context: RequestContext,
    _connection_info: ConnectionInfo,
    instance: Instance,
    mountpoint: string,
    options: DetachVolumeOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.detachVolume, { instance, mountpoint }, options);
  }

  swap_volume(..._args: Parameters<ComputeDriver['swap_volume']>): Promise<void> {
    return refused('swap_volume', volumesAreFixed);
  }

  extend_volume(..._args: Parameters<ComputeDriver['extend_volume']>): Promise<void> {
    return refused('extend_volume', volumesAreFixed);
  }

  volume_snapshot_create(..._args: Parameters<ComputeDriver['volume_snapshot_create']>): Promise<void> {
    return refused('volume_snapshot_create', volumesAreFixed);
  }

  volume_snapshot_delete(..._args: Parameters<ComputeDriver['volume_snapshot_delete']>): Promise<void> {
    return refused('volume_snapshot_delete', volumesAreFixed);
  }

  get_volume_connector(_instance: Instance, options: VerbOptions = {}): Promise<VolumeConnector> {
    return this.#host.run(verbs.getVolumeConnector, {}, options);
  }

  mount_share(..._args: Parameters<ComputeDriver['mount_share']>): Promise<void> {
    return refused('mount_share', noShares);
  }

  umount_share(..._args: Parameters<ComputeDriver['umount_share']>): Promise<boolean> {
    return refused('umount_share', noShares);
  }

  is_share_mounted(..._args: Parameters<ComputeDriver['is_share_mounted']>): Promise<boolean> {
    return refused('is_share_mounted', noShares);
  }

  default_root_device_name(..._args: Parameters<ComputeDriver['default_root_device_name']>): Promise<string> {
    return refused('default_root_device_name', noDeviceNames);
  }

  default_device_names_for_instance(
    ..._args: Parameters<ComputeDriver['default_device_names_for_instance']>
  ): Promise<void> {
    return refused('default_device_names_for_instance', noDeviceNames);
  }

  get_device_name_for_instance(
    ..._args: Parameters<ComputeDriver['get_device_name_for_instance']>
  ): Promise<string> {
    return refused('get_device_name_for_instance', noDeviceNames);
  }

  /** Reports nothing: an engine counts I/O by device, not by mount. Nova's libvirt driver does the same. */
  get_all_volume_usage(..._args: Parameters<ComputeDriver['get_all_volume_usage']>): Promise<VolumeUsage[]> {
    return Promise.resolve([]);
  }

  block_stats(..._args: Parameters<ComputeDriver['block_stats']>): Promise<BlockStats | null> {
    return refused('block_stats', noDisks);
  }

  get_instance_disk_info(instance: Instance, options: GetInstanceDiskInfoOptions = {}): Promise<string> {
    return this.#host.run(verbs.getInstanceDiskInfo, { instance }, options);
  }

  is_supported_fs_format(..._args: Parameters<ComputeDriver['is_supported_fs_format']>): Promise<boolean> {
    return novaDefault(false);
  }

  // Consoles and diagnostics

  get_console_output(
    _context: RequestContext,
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<string> {
    return this.#host.run(verbs.getConsoleOutput, { instance }, options);
  }

  get_serial_console(
    _context: RequestContext,
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<ConsoleConnection> {
    return this.#host.run(verbs.getSerialConsole, { instance }, options);
  }

  get_vnc_console(..._args: Parameters<ComputeDriver['get_vnc_console']>): Promise<ConsoleConnection> {
    return refused('get_vnc_console', noScreen);
  }

  get_spice_console(
    ..._args: Parameters<ComputeDriver['get_spice_console']>
  ): Promise<ConsoleSpiceConnection> {
    return refused('get_spice_console', noScreen);
  }

  get_mks_console(..._args: Parameters<ComputeDriver['get_mks_console']>): Promise<ConsoleConnection> {
    return refused('get_mks_console', noScreen);
  }

  get_diagnostics(
    instance: Instance,
    options: VerbOptions = {},
  ): Promise<Readonly<Record<string, string | number>>> {
    return this.#host.run(verbs.getDiagnostics, { instance }, options);
  }

  get_instance_diagnostics(instance: Instance, options: VerbOptions = {}): Promise<Diagnostics> {
    return this.#host.run(verbs.getInstanceDiagnostics, { instance }, options);
  }

  // Cold migration and resize

  migrate_disk_and_power_off(
    _context: RequestContext,
    instance: Instance,
    dest: string,
    flavor: Flavor,
    network_info: NetworkInfo,
    options: MigrateDiskOptions = {},
  ): Promise<string> {
    return this.#host.run(verbs.migrateDiskAndPowerOff, { instance, dest, flavor, network_info }, options);
  }

  finish_migration(
    _context: RequestContext,
    _migration: Migration,
    instance: Instance,
    disk_info: string | null,
    network_info: NetworkInfo,
    image_meta: ImageMeta,
    options: FinishMigrationOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.finishMigration, { instance, disk_info, network_info, image_meta }, options);
  }

  confirm_migration(
    _context: RequestContext,
    _migration: Migration,
    instance: Instance,
    network_info: NetworkInfo,
    options: VerbOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.confirmMigration, { instance, network_info }, options);
  }

  finish_revert_migration(
    _context: RequestContext,
    instance: Instance,
    network_info: NetworkInfo,
    _migration: Migration,
    options: FinishRevertMigrationOptions = {},
  ): Promise<void> {
    return this.#host.run(verbs.finishRevertMigration, { instance, network_info }, options);
  }

  check_instance_shared_storage_local(
    _context: RequestContext,
    _instance: Instance,
    options: VerbOptions = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return this.#host.run(verbs.checkInstanceSharedStorageLocal, {}, options);
  }

  check_instance_shared_storage_remote(
    _context: RequestContext,
    data: Readonly<Record<string, unknown>>,
    options: VerbOptions = {},
  ): Promise<boolean> {
    return this.#host.run(verbs.checkInstanceSharedStorageRemote, { data }, options);
  }

  check_instance_shared_storage_cleanup(
    ..._args: Parameters<ComputeDriver['check_instance_shared_storage_cleanup']>
  ): Promise<void> {
    return novaDefault(undefined);
  }

  // Live migration

  check_can_live_migrate_destination(
    ..._args: Parameters<ComputeDriver['check_can_live_migrate_destination']>
  ): Promise<LiveMigrateData> {
    return refused('check_can_live_migrate_destination', noLiveMigration);
  }

  cleanup_live_migration_destination_check(
    ..._args: Parameters<ComputeDriver['cleanup_live_migration_destination_check']>
  ): Promise<void> {
    return refused('cleanup_live_migration_destination_check', noLiveMigration);
  }

  check_can_live_migrate_source(
    ..._args: Parameters<ComputeDriver['check_can_live_migrate_source']>
  ): Promise<LiveMigrateData> {
    return refused('check_can_live_migrate_source', noLiveMigration);
  }

  check_source_migrate_data_at_dest(
    ...[, , migrate_data]: Parameters<ComputeDriver['check_source_migrate_data_at_dest']>
  ): Promise<LiveMigrateData> {
    return novaDefault(migrate_data);
  }

  post_claim_migrate_data(
    ...[, , migrate_data]: Parameters<ComputeDriver['post_claim_migrate_data']>
  ): Promise<LiveMigrateData> {
    return novaDefault(migrate_data);
  }

  pre_live_migration(..._args: Parameters<ComputeDriver['pre_live_migration']>): Promise<LiveMigrateData> {
    return refused('pre_live_migration', noLiveMigration);
  }

  live_migration(..._args: Parameters<ComputeDriver['live_migration']>): Promise<void> {
    return refused('live_migration', noLiveMigration);
  }

  live_migration_force_complete(
    ..._args: Parameters<ComputeDriver['live_migration_force_complete']>
  ): Promise<void> {
    return refused('live_migration_force_complete', noLiveMigration);
  }

  live_migration_abort(..._args: Parameters<ComputeDriver['live_migration_abort']>): Promise<void> {
    return refused('live_migration_abort', noLiveMigration);
  }

  rollback_live_migration_at_source(
    ..._args: Parameters<ComputeDriver['rollback_live_migration_at_source']>
  ): Promise<void> {
    return novaDefault(undefined);
  }

  rollback_live_migration_at_destination(
    ..._args: Parameters<ComputeDriver['rollback_live_migration_at_destination']>
  ): Promise<void> {
    return refused('rollback_live_migration_at_destination', noLiveMigration);
  }

  post_live_migration(..._args: Parameters<ComputeDriver['post_live_migration']>): Promise<void> {
    return novaDefault(undefined);
  }

  post_live_migration_at_source(
    ..._args: Parameters<ComputeDriver['post_live_migration_at_source']>
  ): Promise<void> {
    return refused('post_live_migration_at_source', noLiveMigration);
  }

  post_live_migration_at_destination(
    ..._args: Parameters<ComputeDriver['post_live_migration_at_destination']>
  ): Promise<void> {
    return refused('post_live_migration_at_destination', noLiveMigration);
  }

  // Events

  register_event_listener(callback: LifecycleEventListener | null): Promise<void> {
    return this.#events.register(callback);
  }

  emit_event(event: LifecycleEvent): Promise<void> {
    return this.#events.emit(event);
  }

  /**
   * Returns the lifecycle events of this host's instances, beside Nova's listener: for use with `for await`. Events are
   * collected from this call on. The iteration ends, without an error, when the signal aborts, and when the driver
   * leaves the host: by `cleanup_host`, its disposal, or a repeated `init_host` that fails. A reader that is more than
   * 1000 events behind loses the oldest; a warning is logged then.
   *
   * @throws InvalidInput when an option is malformed.
   */
  events(options: EventsOptions = {}): AsyncIterableIterator<NamedLifecycleEvent, void, void> {
    verbs.validateOptions(options);
    return this.#streams.open(options);
  }
}
