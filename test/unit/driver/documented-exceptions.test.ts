import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as exceptions from '../../../interfaces/exceptions.js';
import { DockerDriver } from '../../../lib/index.js';
import type { Instance } from '../../../interfaces/index.js';
import { NovaException, reboot_type, task_states } from '../../../interfaces/index.js';
import {
  startFaultProxy,
  startReplayer,
  type FaultKind,
  type FaultProxy,
  type Replayer,
} from '../../../lib/testing/index.js';
import { context, newFlavor, newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import { SmallImageService } from '../../support/small-image-service.js';

const folder = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The exceptions that each verb documents, by the `@throws` of the interface. */
function documented(): ReadonlyMap<string, ReadonlySet<string>> {
  const directory = folder('interfaces/compute-driver');
  const text = readdirSync(directory)
    .map((name) => readFileSync(`${directory}/${name}`, 'utf8'))
    .join('\n');
  const verbs = text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}(\w+)\(/g);
  return new Map(
    [...verbs].map(([, comment = '', verb = '']) => {
      const throws = comment.split('@throws').slice(1).join(' ');
      const names = throws.match(/\b[A-Z]\w+\b/g) ?? [];
      return [verb, new Set(names.filter((name) => Object.hasOwn(exceptions, name)))];
    }),
  );
}

const instance = newInstance({ image_ref: '1260c41d-a2ff-4026-91bc-96d07519a88e' });
const reverting = { ...instance, task_state: task_states.RESIZE_REVERTING };
const image = newImageMeta('1260c41d-a2ff-4026-91bc-96d07519a88e');
const network_info = new TestNetwork().port(5);
const vif = network_info[0];
const migration = {
  uuid: instance.uuid,
  instance_uuid: instance.uuid,
  source_compute: 'node-1',
  dest_compute: 'node-1',
};
const host = 'node-1';
const ok = (): Promise<void> => Promise.resolve();
const tree = {
  data: () => ({ inventory: {}, traits: [] }),
  update_inventory: () => undefined,
  add_traits: () => undefined,
};

/** What a verb fails with: where the engine cannot be reached; where it refuses (500, 409); where it has no such container. */
type Failures = readonly [unreachable: string | null, refused: string | null, missing: string | null];

const unavailable = 'HypervisorUnavailable';
const notFound = 'InstanceNotFound';
const ordinary: Failures = [unavailable, 'NovaException', notFound];
const failing = (refused: string): Failures => [unavailable, refused, notFound];
const ofHost: Failures = [unavailable, 'NovaException', 'NovaException'];
/** Addresses stay reserved as long as the instance may still run. */
const ending: Failures = ['InstancePowerOffFailure', 'InstancePowerOffFailure', 'InstancePowerOffFailure'];

/** A call of each verb that asks the engine for something, and what it fails with. */
const calls: readonly (readonly [verb: string, args: readonly unknown[], Failures])[] = [
  [
    'spawn',
    [context, instance, image, { network_info }],
    [unavailable, 'InstanceDeployFailure', 'ComputeResourcesUnavailable'],
  ],
  ['rebuild', [context, instance, image, { network_info }], failing('InstanceDeployFailure')],
  ['failed_spawn_cleanup', [instance], ending],
  ['destroy', [context, instance, network_info], ending],
  ['destroy', [context, reverting, network_info], ending],
  ['cleanup', [context, instance, network_info], ending],
  ['cleanup', [context, reverting, network_info], ending],
  ['soft_delete', [instance], [unavailable, 'InstancePowerOffFailure', null]],
  ['restore', [instance], failing('InstancePowerOnFailure')],
  ['set_admin_password', [instance, 'secret'], ordinary],
  ['rescue', [context, instance, network_info, image], failing('InstanceNotRescuable')],
  ['unrescue', [context, instance], ordinary],
  ['delete_instance_files', [instance], ending],
  ['instance_on_disk', [instance], ordinary],
  ['power_on', [context, instance, network_info], failing('InstancePowerOnFailure')],
  ['power_off', [instance], [unavailable, 'InstancePowerOffFailure', null]],
  ['reboot', [context, instance, network_info, reboot_type.SOFT], failing('InstanceRebootFailure')],
  ['reboot', [context, instance, network_info, reboot_type.HARD], failing('InstanceRebootFailure')],
  ['pause', [instance], ordinary],
  ['unpause', [instance], ordinary],
  ['suspend', [context, instance], failing('InstanceSuspendFailure')],
  ['resume', [context, instance, network_info], failing('InstanceResumeFailure')],
  ['resume_state_on_host_boot', [context, instance, network_info], failing('InstanceResumeFailure')],
  ['poll_rebooting_instances', [30, [instance]], [null, null, null]],
  ['trigger_crash_dump', [instance], ordinary],
  ['snapshot', [context, instance, image.id, ok], [unavailable, 'NovaException', 'InstanceNotRunning']],
  ['cache_image', [context, image.id], [unavailable, 'NovaException', 'ImageNotFound']],
  ['manage_image_cache', [context, [instance]], ofHost],
  ['plug_vifs', [instance, network_info], [unavailable, 'VirtualInterfaceCreateException', null]],
  ['unplug_vifs', [instance, network_info], [unavailable, 'NovaException', null]],
  ['attach_interface', [context, instance, image, vif], failing('InterfaceAttachFailed')],
  ['detach_interface', [context, instance, vif], failing('InterfaceDetachFailed')],
  ['attach_volume', [context, {}, instance, '/dev/vdb'], ordinary],
  ['detach_volume', [context, {}, instance, '/dev/vdb'], [unavailable, 'NovaException', null]],
  ['get_instance_disk_info', [instance], ordinary],
  ['get_console_output', [context, instance], ordinary],
  ['get_serial_console', [context, instance], ordinary],
  ['get_diagnostics', [instance], ordinary],
  ['get_instance_diagnostics', [instance], ordinary],
  ['get_info', [instance], ordinary],
  ['instance_exists', [instance], [unavailable, 'NovaException', null]],
  ['list_instances', [], ofHost],
  ['list_instance_uuids', [], ofHost],
  ['get_num_instances', [], ofHost],
  ['get_available_resource', [host], ofHost],
  ['update_provider_tree', [tree, host], ofHost],
  [
    'migrate_disk_and_power_off',
    [context, instance, '192.0.2.9', newFlavor({ memory_mb: 96 }), network_info],
    ['InstanceFaultRollback', 'InstanceFaultRollback', notFound],
  ],
  [
    'finish_migration',
    [context, migration, instance, '{"kind":"in place"}', network_info, image],
    failing('MigrationError'),
  ],
  ['confirm_migration', [context, migration, instance, network_info], failing('MigrationError')],
  ['finish_revert_migration', [context, instance, network_info, migration], failing('MigrationError')],
];

/** What each may throw, as the interface says of all verbs. */
const general = [unavailable, notFound, 'NovaException'];

const faults: readonly (readonly [name: string, fault: FaultKind, at: 0 | 1 | 2])[] = [
  ['cannot be reached', { kind: 'drop-request' }, 0],
  ['answers 500', { kind: 'answer', status: 500, message: 'no' }, 1],
  ['answers 409', { kind: 'answer', status: 409, message: 'no' }, 1],
  ['has no such container', { kind: 'answer', status: 404, message: 'No such container: it' }, 2],
];

describe('a verb fails with a documented exception', () => {
  let replayer: Replayer;
  let proxy: FaultProxy;
  let driver: DockerDriver;
  const documents = documented();

  beforeAll(async () => {
    replayer = await startReplayer(folder('fixtures/engine-28.5/not-found.json'), { mode: 'matching' });
    proxy = await startFaultProxy({ engine: replayer.host });
    driver = new DockerDriver({ engine: proxy.host, imageService: new SmallImageService(), localGb: 100 });
    await driver.init_host(host);
  });
  afterAll(async () => {
    await driver.cleanup_host(host);
    await proxy.close();
    await replayer.close();
  });

  /** What a call fails with while every request to the engine meets the fault; null when it succeeds. */
  async function failureOf(verb: string, args: readonly unknown[], fault: FaultKind): Promise<string | null> {
    const injected = proxy.inject({ ...fault, path: /./, times: Infinity });
    try {
      const method: unknown = Reflect.get(driver, verb);
      if (typeof method !== 'function') throw new TypeError(`${verb} is no verb`);
      await Reflect.apply(method, driver, args);
      return null;
    } catch (error) {
      return error instanceof NovaException ? error.name : String(error);
    } finally {
      injected.withdraw();
    }
  }

  describe.each(faults)('when the engine %s', (_name, fault, at) => {
    it.each(calls)('%s', async (verb, args, failures) => {
      const expected = failures[at];
      expect(await failureOf(verb, args, fault)).toBe(expected);
      if (expected !== null) expect([...general, ...(documents.get(verb) ?? [])]).toContain(expected);
    });
  });

  /** The requests of a call, without what is random in them. */
  async function requestsOf(verb: string, args: readonly unknown[]): Promise<string[]> {
    const before = proxy.requests().length;
    await failureOf(verb, args, { kind: 'answer', status: 404, message: 'No such container: it' });
    return proxy
      .requests()
      .slice(before)
      .map(({ method, path }) => `${method} ${path.replace(/tmp-[0-9a-f]+/g, 'tmp')}`)
      .filter((line) => !line.includes('/events'));
  }

  it.each(calls)('%s sends the same requests for any letter case of the uuid', async (verb, args) => {
    const shouted = args.map((arg) =>
      arg === instance ? inCapitals(instance) : arg === reverting ? inCapitals(reverting) : arg,
    );
    const inList = shouted.map((arg) =>
      Array.isArray(arg) && arg[0] === instance ? [inCapitals(instance)] : arg,
    );
    expect(await requestsOf(verb, inList)).toEqual(await requestsOf(verb, args));
  });
});

const inCapitals = (given: Instance): Instance => ({ ...given, uuid: given.uuid.toUpperCase() });
