import { describe, expect, it } from '@jest/globals';
import type {
  ComputeDriver,
  DriverCapabilities,
  GetAvailableNodesOptions,
  Instance,
  LifecycleEvent,
  Logger,
} from '../../../interfaces/index.js';
import {
  InvalidInput,
  lifecycle_event,
  noCapabilities,
  NotImplementedError,
  NovaException,
} from '../../../interfaces/index.js';
import { NovaDefaults } from '../../../lib/driver/nova-defaults.js';

/** The public methods of Nova's ComputeDriver (master, August 2026) that Nova's base class leaves to the driver. */
const refused = `
  init_host get_info list_instances list_instance_uuids rebuild spawn destroy cleanup reboot get_console_output
  get_vnc_console get_spice_console get_serial_console get_mks_console get_diagnostics get_instance_diagnostics
  get_all_volume_usage get_host_ip_addr attach_volume detach_volume swap_volume extend_volume attach_interface
  detach_interface migrate_disk_and_power_off snapshot finish_migration confirm_migration finish_revert_migration
  pause unpause suspend resume resume_state_on_host_boot rescue unrescue power_off power_on mount_share umount_share is_share_mounted
  power_update_event trigger_crash_dump soft_delete restore update_provider_tree get_available_resource
  pre_live_migration live_migration live_migration_force_complete live_migration_abort
  rollback_live_migration_at_destination post_live_migration_at_source post_live_migration_at_destination
  check_instance_shared_storage_local check_instance_shared_storage_remote check_can_live_migrate_destination
  cleanup_live_migration_destination_check check_can_live_migrate_source get_instance_disk_info set_admin_password
  poll_rebooting_instances host_power_action host_maintenance_mode set_host_enabled get_host_uptime plug_vifs
  unplug_vifs get_host_cpu_stats block_stats cache_image get_volume_connector get_available_nodes
  get_nodenames_by_uuid volume_snapshot_create volume_snapshot_delete default_root_device_name
  default_device_names_for_instance get_device_name_for_instance quiesce unquiesce
`
  .trim()
  .split(/\s+/);

/** Those that it answers. */
const answered = `
  process_instances_at_startup cleanup_host get_num_instances instance_exists prepare_for_spawn failed_spawn_cleanup
  prepare_networks_before_block_device_mapping clean_networks_preparation capabilities_as_traits is_node_deleted
  rollback_live_migration_at_source post_live_migration check_instance_shared_storage_cleanup
  check_source_migrate_data_at_dest post_claim_migrate_data inject_network_info manage_image_cache node_is_available
  instance_on_disk register_event_listener emit_event delete_instance_files is_supported_fs_format
  network_binding_host_id manages_network_binding_host_id cleanup_lingering_instance_resources
`
  .trim()
  .split(/\s+/);

class LogBook implements Logger {
  readonly lines: string[] = [];
  debug(message: string): void {
    this.lines.push(`debug: ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info: ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn: ${message}`);
  }
  error(message: string): void {
    this.lines.push(`error: ${message}`);
  }
}

/** A driver without a verb of its own. */
class BareDriver extends NovaDefaults {}

/** A driver that knows its instances by name only, and its nodes only when it is asked to look again. */
class NamesOnlyDriver extends NovaDefaults {
  override list_instances(): Promise<string[]> {
    return Promise.resolve(['instance-00000001', 'instance-00000002']);
  }

  override get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return Promise.resolve(options.refresh === true ? ['node-1', 'node-2'] : ['node-1']);
  }
}

const context = {};
const instance: Instance = {
  uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f',
  name: 'instance-00000001',
  host: 'compute-1',
  flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
};
const started: LifecycleEvent = { uuid: instance.uuid, transition: lifecycle_event.STARTED, timestamp: 1 };

/** Calls a verb by its name, as an orchestrator does that maps Nova's calls one to one. */
function call(driver: ComputeDriver, verb: string): unknown {
  const method: unknown = Reflect.get(driver, verb);
  if (typeof method !== 'function') throw new TypeError(`${verb} is no method`);
  return Reflect.apply(method, driver, []);
}

/** The names of the methods that an object has of its classes. */
function methodsOf(object: object): string[] {
  const prototype: unknown = Reflect.getPrototypeOf(object);
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return [];
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  return [...own, ...methodsOf(prototype)];
}

async function failureOf(promise: unknown): Promise<unknown> {
  expect(promise).toBeInstanceOf(Promise);
  return Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a driver without verbs of its own', () => {
  const driver = new BareDriver(new LogBook());

  it("has the methods of Nova's ComputeDriver and no other", () => {
    expect(methodsOf(driver).sort()).toEqual([...refused, ...answered].sort());
  });

  it.each(refused)('refuses %s by rejecting with NotImplementedError, and names it', async (verb) => {
    const failure = await failureOf(call(driver, verb));
    expect(failure).toBeInstanceOf(NotImplementedError);
    expect(failure).toMatchObject({ name: 'NotImplementedError' });
    expect(failure).toHaveProperty(
      'message',
      expect.stringContaining(`${verb} is not offered by this driver: `),
    );
  });

  it('says why a container cannot have what a virtual machine has', async () => {
    await expect(driver.get_vnc_console(context, instance)).rejects.toThrow('containers have no screen');
    await expect(driver.live_migration_abort(instance)).rejects.toThrow('cannot be moved while they run');
  });

  it('has nothing to do before and after a spawn, at the end, and for the networks of volumes', async () => {
    await driver.prepare_for_spawn(instance);
    await driver.failed_spawn_cleanup(instance);
    await driver.prepare_networks_before_block_device_mapping(instance, []);
    await driver.clean_networks_preparation(instance, []);
    await driver.inject_network_info(instance, []);
    await driver.manage_image_cache(context, []);
    await driver.cleanup_host('compute-1');
  });

  it('has nothing left of an instance that is gone', async () => {
    expect(await driver.instance_on_disk(instance)).toBe(false);
    expect(await driver.delete_instance_files(instance)).toBe(true);
    expect(await driver.cleanup_lingering_instance_resources(instance)).toBe(true);
  });

  it('goes on with all instances it is given at start-up', async () => {
    expect(await driver.process_instances_at_startup(context, [instance])).toEqual([instance]);
  });

  it('leaves the binding of ports to the orchestrator, under the host of the instance', async () => {
    expect(await driver.manages_network_binding_host_id()).toBe(false);
    expect(await driver.network_binding_host_id(context, instance)).toBe('compute-1');
    expect(await driver.network_binding_host_id(context, { ...instance, host: null })).toBeNull();
    expect(await driver.network_binding_host_id(context, { host: 'compute-2' })).toBe('compute-2');
  });

  it('formats no disk and deletes no node', async () => {
    expect(await driver.is_supported_fs_format('ext4')).toBe(false);
    expect(await driver.is_node_deleted('node-1')).toBe(false);
  });

  it('hands on what is told about a live migration, and has nothing to clean up after one', async () => {
    const data = { from: 'compute-1' };
    const migration = { uuid: 'm', instance_uuid: instance.uuid, source_compute: null, dest_compute: null };
    expect(await driver.check_source_migrate_data_at_dest(context, instance, data, migration, {}, null)).toBe(
      data,
    );
    expect(await driver.post_claim_migrate_data(context, instance, data, {})).toBe(data);
    await driver.rollback_live_migration_at_source(context, instance, data);
    await driver.post_live_migration(context, instance, null);
    await driver.check_instance_shared_storage_cleanup(context, data);
  });
});

describe('what a driver need not write, because Nova derives it', () => {
  it('counts the instances that are listed', async () => {
    expect(await new NamesOnlyDriver(new LogBook()).get_num_instances()).toBe(2);
  });

  it('finds an instance by its name when the driver lists no ids', async () => {
    const driver = new NamesOnlyDriver(new LogBook());
    expect(await driver.instance_exists(instance)).toBe(true);
    expect(await driver.instance_exists({ ...instance, name: 'instance-00000003' })).toBe(false);
  });

  it('goes by ids, not by names, when the driver lists them', async () => {
    class Driver extends NamesOnlyDriver {
      override list_instance_uuids(): Promise<string[]> {
        return Promise.resolve([instance.uuid]);
      }
    }
    const driver = new Driver(new LogBook());
    expect(await driver.instance_exists({ ...instance, name: 'renamed' })).toBe(true);
    expect(await driver.instance_exists({ ...instance, uuid: 'another' })).toBe(false);
  });

  it('never takes a failure to list for an absent instance', async () => {
    class Driver extends NamesOnlyDriver {
      override list_instance_uuids(): Promise<string[]> {
        return Promise.reject(new NovaException('the engine is gone'));
      }
    }
    await expect(new Driver(new LogBook()).instance_exists(instance)).rejects.toThrow('the engine is gone');
  });

  it('has the nodes looked up again before it says that there is no such node', async () => {
    const driver = new NamesOnlyDriver(new LogBook());
    expect(await driver.node_is_available('node-1')).toBe(true);
    expect(await driver.node_is_available('node-2')).toBe(true);
    expect(await driver.node_is_available('node-3')).toBe(false);
  });
});

describe('capabilities', () => {
  it('are none unless a driver names them', async () => {
    const driver = new BareDriver(new LogBook());
    expect(Object.values(driver.capabilities)).not.toContain(true);
    expect(Object.values(await driver.capabilities_as_traits())).not.toContain(true);
  });

  it("are told by Placement's names; those that have none are left out", async () => {
    class Driver extends NovaDefaults {
      override readonly capabilities: DriverCapabilities = {
        ...noCapabilities,
        has_imagecache: true,
        supports_migrate_to_same_host: true,
      };
    }
    const traits = await new Driver(new LogBook()).capabilities_as_traits();
    expect(traits).toMatchObject({
      COMPUTE_SAME_HOST_COLD_MIGRATE: true,
      COMPUTE_NET_ATTACH_INTERFACE: false,
      COMPUTE_IMAGE_TYPE_QCOW2: false,
    });
    expect(Object.values(traits).filter(Boolean)).toHaveLength(1);
  });
});

describe('events', () => {
  it('are dropped while nobody listens', async () => {
    const log = new LogBook();
    await new BareDriver(log).emit_event(started);
    expect(log.lines).toEqual([expect.stringMatching(/^debug: .*dropped/)]);
  });

  it('reach the listener that was registered last, which need not be waited for', async () => {
    const driver = new BareDriver(new LogBook());
    const heard: string[] = [];
    void driver.register_event_listener(() => void heard.push('first'));
    void driver.register_event_listener((event) => void heard.push(`second: ${event.uuid}`));
    await driver.emit_event(started);
    expect(heard).toEqual([`second: ${instance.uuid}`]);
  });

  it('are emitted when the listener is done with them', async () => {
    const driver = new BareDriver(new LogBook());
    let done = false;
    await driver.register_event_listener(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
    });
    await driver.emit_event(started);
    expect(done).toBe(true);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('go on after a listener that %s, which is logged', async (_how, failing) => {
    const log = new LogBook();
    const driver = new BareDriver(log);
    await driver.register_event_listener(failing);
    await driver.emit_event(started);
    expect(log.lines).toEqual([expect.stringMatching(/^error: /)]);
    let heard = 0;
    await driver.register_event_listener(() => void (heard += 1));
    await driver.emit_event(started);
    expect(heard).toBe(1);
  });

  it.each(['started', null, {}, { ...started, transition: 9 }])(
    'are only those of Nova: %j is refused and not passed on',
    async (event) => {
      const driver = new BareDriver(new LogBook());
      let heard = 0;
      await driver.register_event_listener(() => void (heard += 1));
      const emit: unknown = Reflect.get(driver, 'emit_event');
      if (typeof emit !== 'function') throw new TypeError('emit_event is no method');
      expect(await failureOf(Reflect.apply(emit, driver, [event]))).toBeInstanceOf(InvalidInput);
      expect(heard).toBe(0);
    },
  );
});
