import { z } from 'zod';
import type {
  ComputeDriver,
  DriverCapabilities,
  Instance,
  LifecycleEvent,
  LifecycleEventListener,
  LiveMigrateData,
  Logger,
  RequestContext,
  VerbOptions,
} from '../../interfaces/index.js';
import {
  capability_traits,
  InvalidInput,
  lifecycle_event,
  noCapabilities,
  NotImplementedError,
} from '../../interfaces/index.js';
import { hostOfInstanceMustBeSound } from '../verbs/index.js';

const lifecycleEvent = z.object({
  uuid: z.string(),
  transition: z.enum(lifecycle_event),
  timestamp: z.number(),
});

/** The verbs that Nova's base class implements. */
class NovaAnswers implements Partial<ComputeDriver> {
  readonly capabilities: DriverCapabilities = noCapabilities;
  readonly #logger: Logger;
  #listener: LifecycleEventListener | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  cleanup_host(): Promise<void> {
    return Promise.resolve();
  }

  capabilities_as_traits(): Promise<Record<string, boolean>> {
    const supported: Record<string, boolean> = {};
    let flag: keyof DriverCapabilities;
    for (flag in noCapabilities) {
      const trait = capability_traits[flag];
      if (trait !== undefined) supported[trait] = this.capabilities[flag];
    }
    return Promise.resolve(supported);
  }

  async node_is_available(this: ComputeDriver, nodename: string, options?: VerbOptions): Promise<boolean> {
    const nodes = await this.get_available_nodes(options);
    if (nodes.includes(nodename)) return true;
    const refreshed = await this.get_available_nodes({ ...options, refresh: true });
    return refreshed.includes(nodename);
  }

  is_node_deleted(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async get_num_instances(this: ComputeDriver, options?: VerbOptions): Promise<number> {
    const names = await this.list_instances(options);
    return names.length;
  }

  async instance_exists(this: ComputeDriver, instance: Instance, options?: VerbOptions): Promise<boolean> {
    try {
      const uuids = await this.list_instance_uuids(options);
      return uuids.includes(instance.uuid);
    } catch (error) {
      if (!(error instanceof NotImplementedError)) throw error;
      const names = await this.list_instances(options);
      return names.includes(instance.name);
    }
  }

  instance_on_disk(): Promise<boolean> {
    return Promise.resolve(false);
  }

  process_instances_at_startup(
    _context: RequestContext,
    instances: readonly Instance[],
  ): Promise<readonly Instance[]> {
    return Promise.resolve(instances);
  }

  prepare_for_spawn(): Promise<void> {
    return Promise.resolve();
  }

  failed_spawn_cleanup(): Promise<void> {
    return Promise.resolve();
  }

  delete_instance_files(): Promise<boolean> {
    return Promise.resolve(true);
  }

  cleanup_lingering_instance_resources(): Promise<boolean> {
    return Promise.resolve(true);
  }

  manage_image_cache(): Promise<void> {
    return Promise.resolve();
  }

  prepare_networks_before_block_device_mapping(): Promise<void> {
    return Promise.resolve();
  }

  clean_networks_preparation(): Promise<void> {
    return Promise.resolve();
  }

  inject_network_info(): Promise<void> {
    return Promise.resolve();
  }

  async network_binding_host_id(
    _context: RequestContext,
    instance: Pick<Instance, 'host'>,
  ): Promise<string | null> {
    hostOfInstanceMustBeSound(instance);
    return await Promise.resolve(instance.host ?? null);
  }

  manages_network_binding_host_id(): Promise<boolean> {
    return Promise.resolve(false);
  }

  is_supported_fs_format(): Promise<boolean> {
    return Promise.resolve(false);
  }

  check_instance_shared_storage_cleanup(): Promise<void> {
    return Promise.resolve();
  }

  check_source_migrate_data_at_dest(
    _context: RequestContext,
    _instance: Instance,
    migrate_data: LiveMigrateData,
  ): Promise<LiveMigrateData> {
    return Promise.resolve(migrate_data);
  }

  post_claim_migrate_data(
    _context: RequestContext,
    _instance: Instance,
    migrate_data: LiveMigrateData,
  ): Promise<LiveMigrateData> {
    return Promise.resolve(migrate_data);
  }

  rollback_live_migration_at_source(): Promise<void> {
    return Promise.resolve();
  }

  post_live_migration(): Promise<void> {
    return Promise.resolve();
  }

  register_event_listener(callback: LifecycleEventListener): Promise<void> {
    this.#listener = callback;
    return Promise.resolve();
  }

  async emit_event(event: LifecycleEvent): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) {
      this.#logger.debug('Nobody listens to events: dropped', { event });
      return;
    }
    const checked = lifecycleEvent.safeParse(event);
    if (!checked.success) throw new InvalidInput('Not a lifecycle event', { cause: checked.error });
    try {
      await listener(event);
    } catch (error) {
      this.#logger.error('The listener failed on an event', { event, error });
    }
  }
}

type Verb = Exclude<keyof ComputeDriver, 'capabilities'>;
type RefusedVerb = Exclude<Verb, keyof NovaAnswers>;

const ESSENTIAL = 'every driver has to bring its own';
const NO_DISKS = 'containers have no disks of their own';
const NO_VOLUMES = 'volumes are directories to a container, fixed when it is made';
const NO_DEVICES = 'containers have no device names, any will do';
const NO_SCREEN = 'containers have no screen';
const NO_AGENT = 'containers have no guest agent';
const NO_SHARES = 'shares are not mounted into containers';
const NO_MOVE = 'containers cannot be moved while they run';
const NO_HOST_CONTROL = 'an engine does not rule over its host';

/**
 * The verbs that Nova's base class does not implement, and why this driver does not either. The compiler checks that
 * none is missing.
 */
const refusals: Readonly<Record<RefusedVerb, string>> = {
  init_host: ESSENTIAL,
  get_info: ESSENTIAL,
  list_instances: ESSENTIAL,
  list_instance_uuids: ESSENTIAL,
  get_available_nodes: ESSENTIAL,
  get_available_resource: ESSENTIAL,
  get_host_uptime: ESSENTIAL,
  get_host_ip_addr: ESSENTIAL,
  spawn: ESSENTIAL,
  destroy: ESSENTIAL,
  cleanup: ESSENTIAL,
  reboot: ESSENTIAL,
  power_on: ESSENTIAL,
  power_off: ESSENTIAL,
  pause: ESSENTIAL,
  unpause: ESSENTIAL,
  suspend: ESSENTIAL,
  resume: ESSENTIAL,
  resume_state_on_host_boot: ESSENTIAL,
  poll_rebooting_instances: ESSENTIAL,
  trigger_crash_dump: ESSENTIAL,
  soft_delete: ESSENTIAL,
  restore: ESSENTIAL,
  set_admin_password: ESSENTIAL,
  plug_vifs: ESSENTIAL,
  unplug_vifs: ESSENTIAL,
  attach_interface: ESSENTIAL,
  detach_interface: ESSENTIAL,
  snapshot: ESSENTIAL,
  cache_image: ESSENTIAL,
  get_console_output: ESSENTIAL,
  migrate_disk_and_power_off: ESSENTIAL,
  finish_migration: ESSENTIAL,
  confirm_migration: ESSENTIAL,
  finish_revert_migration: ESSENTIAL,
  check_instance_shared_storage_local: ESSENTIAL,
  check_instance_shared_storage_remote: ESSENTIAL,
  attach_volume: ESSENTIAL,
  detach_volume: ESSENTIAL,
  get_volume_connector: ESSENTIAL,
  get_all_volume_usage: ESSENTIAL,
  get_instance_disk_info: ESSENTIAL,

  rebuild: ESSENTIAL,
  update_provider_tree: ESSENTIAL,
  get_nodenames_by_uuid: ESSENTIAL,
  set_host_enabled: "which host gets instances is the orchestrator's to decide",
  power_update_event: 'nobody else switches its containers',

  rescue: ESSENTIAL,
  unrescue: ESSENTIAL,
  get_serial_console: ESSENTIAL,
  get_diagnostics: ESSENTIAL,
  get_instance_diagnostics: ESSENTIAL,
  get_host_cpu_stats: ESSENTIAL,

  swap_volume: NO_VOLUMES,
  extend_volume: NO_VOLUMES,
  volume_snapshot_create: NO_VOLUMES,
  volume_snapshot_delete: NO_VOLUMES,
  mount_share: NO_SHARES,
  umount_share: NO_SHARES,
  is_share_mounted: NO_SHARES,
  default_root_device_name: NO_DEVICES,
  default_device_names_for_instance: NO_DEVICES,
  get_device_name_for_instance: NO_DEVICES,
  block_stats: NO_DISKS,
  get_vnc_console: NO_SCREEN,
  get_spice_console: NO_SCREEN,
  get_mks_console: NO_SCREEN,
  quiesce: NO_AGENT,
  unquiesce: NO_AGENT,
  check_can_live_migrate_destination: NO_MOVE,
  cleanup_live_migration_destination_check: NO_MOVE,
  check_can_live_migrate_source: NO_MOVE,
  pre_live_migration: NO_MOVE,
  live_migration: NO_MOVE,
  live_migration_force_complete: NO_MOVE,
  live_migration_abort: NO_MOVE,
  rollback_live_migration_at_destination: NO_MOVE,
  post_live_migration_at_source: NO_MOVE,
  post_live_migration_at_destination: NO_MOVE,
  host_power_action: NO_HOST_CONTROL,
  host_maintenance_mode: NO_HOST_CONTROL,
};

/**
 * Combines the implemented and the refused verbs in one class. The compiler cannot infer methods that are created from
 * a table, so the signature declares them; the table's type ensures that it is complete.
 */
function withRefusals(): abstract new (logger: Logger) => ComputeDriver;
function withRefusals(): abstract new (logger: Logger) => Partial<ComputeDriver> {
  class Refusing extends NovaAnswers {}
  for (const [verb, reason] of Object.entries(refusals)) {
    const message = `${verb} is not offered by this driver: ${reason}`;
    Object.defineProperty(Refusing.prototype, verb, {
      value: () => Promise.reject(new NotImplementedError(message)),
      configurable: true,
      writable: true,
    });
  }
  return Refusing;
}

/** The implementation of every verb that a driver does not override. Nova: `nova.virt.driver.ComputeDriver`. */
export abstract class NovaDefaults extends withRefusals() implements ComputeDriver {}
