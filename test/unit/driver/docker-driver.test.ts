import { describe, expect, it } from '@jest/globals';
import type {
  ComputeDriver,
  ConnectionInfo,
  DriverCapabilities,
  GetAvailableNodesOptions,
  Instance,
  LifecycleEvent,
  Logger,
  RequestContext,
} from '../../../interfaces/index.js';
import {
  InvalidInput,
  lifecycle_event,
  noCapabilities,
  NotImplementedError,
} from '../../../interfaces/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { answeredByNova, besideNova, leftToDrivers } from '../../support/nova-verbs.js';

/** The verbs that this driver refuses. */
const refused = `
  host_power_action host_maintenance_mode set_host_enabled power_update_event quiesce unquiesce swap_volume
  extend_volume volume_snapshot_create volume_snapshot_delete mount_share umount_share is_share_mounted
  default_root_device_name default_device_names_for_instance get_device_name_for_instance block_stats
  get_vnc_console get_spice_console get_mks_console check_can_live_migrate_destination
  cleanup_live_migration_destination_check check_can_live_migrate_source pre_live_migration live_migration
  live_migration_force_complete live_migration_abort rollback_live_migration_at_destination
  post_live_migration_at_source post_live_migration_at_destination
`
  .trim()
  .split(/\s+/);

class LogBook implements Logger {
  readonly lines: string[] = [];
  debug(message: string, details?: object): void {
    this.lines.push(`debug: ${message} ${JSON.stringify(details)}`);
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

const newDriver = (logger: Logger = new LogBook()): DockerDriver =>
  new DockerDriver({ engine: 'unix:///nowhere', logger });

/** A driver that knows its nodes only when it is asked to look again. */
class ChangedDriver extends DockerDriver {
  readonly swapped: ConnectionInfo[] = [];

  constructor() {
    super({ engine: 'unix:///nowhere' });
  }

  override readonly capabilities: DriverCapabilities = { ...noCapabilities, supports_virtio_fs: true };

  override list_instances(): Promise<string[]> {
    return Promise.resolve(['instance-00000001', 'instance-00000002']);
  }

  override get_available_nodes(options: GetAvailableNodesOptions = {}): Promise<string[]> {
    return Promise.resolve(options.refresh === true ? ['node-1', 'node-2'] : ['node-1']);
  }

  override async swap_volume(
    _context: RequestContext,
    from: ConnectionInfo,
    to: ConnectionInfo,
  ): Promise<void> {
    this.swapped.push(from, to);
    await Promise.resolve();
  }

  override get_vnc_console(): Promise<{ host: string; port: number }> {
    return Promise.resolve({ host: '127.0.0.1', port: 5900 });
  }
}

const context = {};
const instance: Instance = {
  uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f',
  name: 'instance-00000001',
  host: 'compute-1',
  flavor: { memory_mb: 64, vcpus: 1, root_gb: 1 },
};
const connection: ConnectionInfo = { driver_volume_type: 'local', data: {} };
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

describe('DockerDriver', () => {
  const driver = newDriver();

  it("has the methods of Nova's ComputeDriver, and `events`", () => {
    expect(methodsOf(driver).sort()).toEqual([...leftToDrivers, ...answeredByNova, ...besideNova].sort());
  });

  it.each(refused)(
    'refuses %s: the promise rejects with NotImplementedError, which names the verb',
    async (verb) => {
      const failure = await failureOf(call(driver, verb));
      expect(failure).toBeInstanceOf(NotImplementedError);
      expect(failure).toMatchObject({
        name: 'NotImplementedError',
        message: expect.stringContaining(`This driver does not implement ${verb}: `),
      });
    },
  );

  it('refuses no other verb', async () => {
    for (const verb of [...leftToDrivers, ...answeredByNova].filter((name) => !refused.includes(name)))
      expect(await failureOf(call(driver, verb))).not.toBeInstanceOf(NotImplementedError);
  });

  it('states why a container lacks a feature of virtual machines', async () => {
    await expect(driver.get_vnc_console(context, instance)).rejects.toThrow('containers have no screen');
    await expect(driver.live_migration_abort(instance)).rejects.toThrow('cannot be moved');
  });

  it('can be extended: a subclass overrides a verb, also one that this driver refuses', async () => {
    const changed = new ChangedDriver();
    const called: ComputeDriver = changed;
    expect(await called.get_vnc_console(context, instance)).toEqual({ host: '127.0.0.1', port: 5900 });
    await called.swap_volume(context, connection, connection, instance, '/dev/vdb', 0);
    expect(changed.swapped).toEqual([connection, connection]);
  });
});

describe("Nova's default answers", () => {
  const driver = newDriver();

  it('to verbs that prepare spawns and networks are no-ops', async () => {
    await driver.prepare_for_spawn(instance);
    await driver.prepare_networks_before_block_device_mapping(instance, []);
    await driver.clean_networks_preparation(instance, []);
    await driver.inject_network_info(instance, []);
  });

  it('report no leftovers of an instance', async () => {
    expect(await driver.cleanup_lingering_instance_resources(instance)).toBe(true);
  });

  it('return all instances at start-up', async () => {
    expect(await driver.process_instances_at_startup(context, [instance])).toEqual([instance]);
  });

  it('leave the binding of ports to the orchestrator, under the host of the instance', async () => {
    expect(await driver.manages_network_binding_host_id()).toBe(false);
    expect(await driver.network_binding_host_id(context, instance)).toBe('compute-1');
    expect(await driver.network_binding_host_id(context, { ...instance, host: null })).toBeNull();
    expect(await driver.network_binding_host_id(context, { host: 'compute-2' })).toBe('compute-2');
  });

  it('format no disk and delete no node', async () => {
    expect(await driver.is_supported_fs_format('ext4')).toBe(false);
    expect(await driver.is_node_deleted('node-1')).toBe(false);
  });

  it('return the data of a live migration unchanged, and clean up nothing after it', async () => {
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

describe('verbs that call other verbs', () => {
  it('get_num_instances counts the instances of list_instances', async () => {
    expect(await new ChangedDriver().get_num_instances()).toBe(2);
  });

  it('node_is_available refreshes the nodes before it reports a missing node', async () => {
    const driver = new ChangedDriver();
    expect(await driver.node_is_available('node-1')).toBe(true);
    expect(await driver.node_is_available('node-2')).toBe(true);
    expect(await driver.node_is_available('node-3')).toBe(false);
  });

  it('capabilities_as_traits returns the traits of Placement, without capabilities that have none', async () => {
    const traits = await new ChangedDriver().capabilities_as_traits();
    expect(traits).toMatchObject({
      COMPUTE_STORAGE_VIRTIO_FS: true,
      COMPUTE_NET_ATTACH_INTERFACE: false,
      COMPUTE_IMAGE_TYPE_QCOW2: false,
    });
    expect(Object.values(traits).filter(Boolean)).toHaveLength(1);
    expect(Object.values(await newDriver().capabilities_as_traits()).filter(Boolean)).toHaveLength(3);
  });
});

describe('events', () => {
  it('are logged by name, as debug lines, while no listener is registered', async () => {
    const log = new LogBook();
    await newDriver(log).emit_event(started);
    expect(log.lines).toEqual([expect.stringMatching(/^debug: no listener .*"transition":"STARTED"/)]);
  });

  it('reach the listener that was registered last, even when its registration was not awaited', async () => {
    const driver = newDriver();
    const heard: string[] = [];
    void driver.register_event_listener(() => void heard.push('first'));
    void driver.register_event_listener((event) => void heard.push(`second: ${event.uuid}`));
    await driver.emit_event(started);
    expect(heard).toEqual([`second: ${instance.uuid}`]);
  });

  it('are dropped once the listener is removed with null, as Nova does when it shuts down', async () => {
    const log = new LogBook();
    const driver = newDriver(log);
    let heard = 0;
    await driver.register_event_listener(() => void (heard += 1));
    await driver.register_event_listener(null);
    await driver.emit_event(started);
    expect(heard).toBe(0);
    expect(log.lines).toEqual([expect.stringMatching(/^debug: no listener .*"transition":"STARTED"/)]);
  });

  it.each(['listen', 7, {}])('keep their listener when %j should replace it', async (wrong) => {
    const driver = newDriver();
    let heard = 0;
    await driver.register_event_listener(() => void (heard += 1));
    const register: unknown = Reflect.get(driver, 'register_event_listener');
    if (typeof register !== 'function') throw new TypeError('register_event_listener is no method');
    expect(await failureOf(Reflect.apply(register, driver, [wrong]))).toBeInstanceOf(InvalidInput);
    await driver.emit_event(started);
    expect(heard).toBe(1);
  });

  it('are emitted once the listener has finished', async () => {
    const driver = newDriver();
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
  ])('continue after a listener that %s, which is logged', async (_how, failing) => {
    const log = new LogBook();
    const driver = newDriver(log);
    await driver.register_event_listener(failing);
    await driver.emit_event(started);
    expect(log.lines).toEqual([expect.stringMatching(/^error: /)]);
    let heard = 0;
    await driver.register_event_listener(() => void (heard += 1));
    await driver.emit_event(started);
    expect(heard).toBe(1);
  });

  it.each(['started', null, {}, { ...started, transition: 9 }])(
    'must be events of Nova: %j is refused and not passed on',
    async (event) => {
      const driver = newDriver();
      let heard = 0;
      await driver.register_event_listener(() => void (heard += 1));
      const emit: unknown = Reflect.get(driver, 'emit_event');
      if (typeof emit !== 'function') throw new TypeError('emit_event is no method');
      expect(await failureOf(Reflect.apply(emit, driver, [event]))).toBeInstanceOf(InvalidInput);
      expect(heard).toBe(0);
    },
  );
});
