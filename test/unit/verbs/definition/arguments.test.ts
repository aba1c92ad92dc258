import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { DockerDriver } from '../../../../lib/index.js';
import { context, newImageMeta, newInstance, TestNetwork } from '../../../support/nova-objects.js';

const driver = new DockerDriver({ engine: 'unix:///nowhere' });
const instance = newInstance();
const image = newImageMeta('any');
const [vif] = new TestNetwork().port(7);

/** Calls a verb as a JavaScript caller may. Valid arguments fail only because the driver serves no host. */
async function failureOf(verb: string, ...args: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(driver, verb);
  if (typeof method !== 'function') throw new TypeError(`a driver has no ${verb}`);
  try {
    await Reflect.apply(method, driver, args);
  } catch (error) {
    return error;
  }
  return undefined;
}

const passesValidation = { message: expect.stringContaining('call init_host first') };

/** The arguments of each verb, with the interfaces of an instance. */
const verbs: Record<string, (network_info: unknown) => readonly unknown[]> = {
  spawn: (network_info) => [context, instance, image, { network_info }],
  rebuild: (network_info) => [context, instance, image, { network_info }],
  destroy: (network_info) => [context, instance, network_info],
  cleanup: (network_info) => [context, instance, network_info],
  restore: (network_info) => [{ ...instance, info_cache: { network_info } }],
  reboot: (network_info) => [context, instance, network_info, 'HARD'],
  power_on: (network_info) => [context, instance, network_info],
  resume: (network_info) => [context, instance, network_info],
  resume_state_on_host_boot: (network_info) => [context, instance, network_info],
  rescue: (network_info) => [context, instance, network_info, image],
  unrescue: (network_info) => [context, { ...instance, info_cache: { network_info } }],
  plug_vifs: (network_info) => [instance, network_info],
  unplug_vifs: (network_info) => [instance, network_info],
  migrate_disk_and_power_off: (network_info) => [context, instance, 'there', instance.flavor, network_info],
  finish_migration: (network_info) => [context, {}, instance, null, network_info, image],
  confirm_migration: (network_info) => [context, {}, instance, network_info],
  finish_revert_migration: (network_info) => [context, instance, network_info, {}],
};

describe.each(Object.keys(verbs))('the network_info of %s', (verb) => {
  const given = (network_info: unknown): Promise<unknown> =>
    failureOf(verb, ...(verbs[verb]?.(network_info) ?? []));

  it.each([
    [[{ id: 'port', network: 'bridge' }], 'network_info.0.network '],
    [[{ ...vif, network: { subnets: [] } }], 'network_info.0.network.id '],
    [[vif, { ...vif, id: 7 }], 'network_info.1.id '],
    [[{ ...vif, network: { id: 'n', subnets: {} } }], 'network_info.0.network.subnets '],
    [[{ ...vif, network: { id: 'n', subnets: ['10.0.0.0/24'] } }], 'network_info.0.network.subnets.0 '],
    [[{ ...vif, network: { id: 'n', subnets: [{}] } }], 'network_info.0.network.subnets.0.cidr '],
    ['bridge', 'network_info '],
  ])('is refused as %j, with the invalid field named', async (network_info, place) => {
    const failure = await given(network_info);
    expect(failure).toBeInstanceOf(InvalidInput);
    expect(failure).toMatchObject({ message: expect.stringContaining(place) });
  });

  it.each([
    ['an empty list', []],
    ['null', null],
    [
      'a list with fields that the driver does not know',
      [{ ...vif, network: { ...vif?.network, more: 1 }, more: {} }],
    ],
    [
      'a list whose gateway has no address, as Neutron sends it',
      [
        {
          ...vif,
          address: null,
          network: { id: 'n', subnets: [{ cidr: '10.0.0.0/24', gateway: { address: null, version: null } }] },
        },
      ],
    ],
  ])('may be %s', async (_what, network_info) => {
    expect(await given(network_info)).toMatchObject(passesValidation);
  });
});

describe('argument validation', () => {
  it.each(['attach_interface', 'detach_interface'])('requires an interface for %s', async (verb) => {
    const call = (port: unknown): Promise<unknown> =>
      failureOf(verb, context, instance, ...(verb === 'attach_interface' ? [image] : []), port);
    expect(await call({ id: 'port', network: 'bridge' })).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('vif.network '),
    });
    expect(await call(vif)).toMatchObject(passesValidation);
  });

  it.each([
    ['injected_files.0 ', [{ path: '/etc/motd', contents: 'hello' }]],
    ['injected_files.0', [['/etc/motd']]],
    ['injected_files ', { '/etc/motd': 'hello' }],
  ])('refuses for spawn and rebuild a malformed %s', async (place, injected_files) => {
    for (const verb of ['spawn', 'rebuild'])
      expect(await failureOf(verb, context, instance, image, { injected_files })).toMatchObject({
        name: 'InvalidInput',
        message: expect.stringContaining(place),
      });
  });

  /** The arguments of each verb that creates a container. */
  const creatingVerbs: Record<
    string,
    (subject: object, options: object, meta: object) => readonly unknown[]
  > = {
    spawn: (subject, options, meta) => [context, subject, meta, options],
    rebuild: (subject, options, meta) => [context, subject, meta, options],
    rescue: (subject, options, meta) => [context, subject, [], meta, options],
    finish_migration: (subject, options, meta) => [context, {}, subject, null, [], meta, options],
  };

  it.each<[string, object, object?, object?]>([
    ['instance.metadata.count ', { metadata: { count: 5 } }],
    ['instance.metadata ', { metadata: 'role=web' }],
    ['instance.user_data ', { user_data: Buffer.from('#!/bin/sh') }],
    ['instance.key_data ', { key_data: ['ssh-ed25519 …'] }],
    ['instance.hostname ', { hostname: 7 }],
    ['instance.project_id ', { project_id: {} }],
    [
      'instance.system_metadata.image_os_shutdown_timeout ',
      { system_metadata: { image_os_shutdown_timeout: 60 } },
    ],
    ['instance.numa_topology.cells ', { numa_topology: {} }],
    [
      'instance.flavor.extra_specs.hw:cpu_policy ',
      { flavor: { ...instance.flavor, extra_specs: { 'hw:cpu_policy': 1 } } },
    ],
    ['instance.flavor.swap ', { flavor: { ...instance.flavor, swap: '64' } }],
    [
      'block_device_info.ephemerals.0.device_name ',
      {},
      { block_device_info: { ephemerals: [{ device_name: 5 }] } },
    ],
    ['block_device_info.block_device_mapping ', {}, { block_device_info: { block_device_mapping: {} } }],
    ['image_meta.properties ', {}, {}, { properties: 'os_command_line=sh' }],
    ['image_meta.min_ram ', {}, {}, { min_ram: '64' }],
  ])(
    'refuses for each verb that creates a container an invalid %s',
    async (place, changes, options = {}, meta = {}) => {
      for (const [verb, args] of Object.entries(creatingVerbs))
        expect({
          verb,
          failure: await failureOf(
            verb,
            ...args({ ...instance, ...changes }, options, { ...image, ...meta }),
          ),
        }).toMatchObject({
          verb,
          failure: { name: 'InvalidInput', message: expect.stringContaining(place) },
        });
    },
  );

  /** The arguments of each verb that may create a container again, or moves it. */
  const recreatingVerbs: Record<string, (subject: object) => readonly unknown[]> = {
    reboot: (subject) => [context, subject, [], 'HARD'],
    resume_state_on_host_boot: (subject) => [context, subject, []],
    migrate_disk_and_power_off: (subject) => [context, subject, 'there', instance.flavor, []],
  };

  it.each<[string, object]>([
    ['instance.flavor ', { flavor: undefined }],
    ['instance.flavor.root_gb ', { flavor: { ...instance.flavor, root_gb: '1' } }],
    ['instance.flavor.extra_specs ', { flavor: { ...instance.flavor, extra_specs: null } }],
  ])('refuses for each verb that may create a container again an invalid %s', async (place, changes) => {
    for (const [verb, args] of Object.entries(recreatingVerbs))
      expect({ verb, failure: await failureOf(verb, ...args({ ...instance, ...changes })) }).toMatchObject({
        verb,
        failure: { name: 'InvalidInput', message: expect.stringContaining(place) },
      });
  });

  it.each<[string, readonly unknown[]]>([
    ['dest ', [undefined, instance.flavor, []]],
    ['dest ', ['', instance.flavor, []]],
    ['flavor ', ['there', undefined, []]],
    ['flavor.root_gb ', ['there', { ...instance.flavor, root_gb: '1' }, []]],
    ['timeout ', ['there', instance.flavor, [], { timeout: '60' }]],
    ['retry_interval ', ['there', instance.flavor, [], { retry_interval: -1 }]],
  ])('refuses for migrate_disk_and_power_off an invalid %s', async (place, args) => {
    expect(await failureOf('migrate_disk_and_power_off', context, instance, ...args)).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(new RegExp(`^${place}`)),
    });
  });

  it.each(['timeout', 'retry_interval'])('requires seconds for power_off as %s', async (name) => {
    expect(await failureOf('power_off', instance, { [name]: '60' })).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining(`${name} `),
    });
    expect(await failureOf('power_off', instance, { [name]: 60 })).toMatchObject(passesValidation);
  });

  it.each<[string, unknown]>([
    ['instances ', undefined],
    ['instances.1 ', [instance, null]],
    ['instances.1.uuid ', [instance, { ...instance, uuid: 7 }]],
    ['instances.0.image_ref ', [{ ...instance, image_ref: {} }]],
  ])('refuses for verbs on several instances an invalid %s', async (place, instances) => {
    const refusal = { name: 'InvalidInput', message: expect.stringContaining(place) };
    expect(await failureOf('manage_image_cache', context, instances)).toMatchObject(refusal);
    expect(await failureOf('poll_rebooting_instances', 30, instances)).toMatchObject(refusal);
  });

  it('requires for poll_rebooting_instances a timeout in seconds and valid interfaces', async () => {
    expect(await failureOf('poll_rebooting_instances', undefined, [])).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('timeout '),
    });
    const confused = { ...instance, info_cache: { network_info: 'bridge' } };
    expect(await failureOf('poll_rebooting_instances', 30, [instance, confused])).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('instances.1.info_cache.network_info '),
    });
  });

  it.each<[string, readonly unknown[]]>([
    ['get_info', [null]],
    ['restore', [null]],
    ['unrescue', [context, null]],
    ['detach_volume', [context, {}, null, '/dev/vdb']],
  ])('requires an instance for %s', async (verb, args) => {
    expect(await failureOf(verb, ...args)).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(/^instance /),
    });
  });

  it.each(['attach_volume', 'detach_volume'])('requires a device name for %s', async (verb) => {
    const call = (mountpoint: unknown): Promise<unknown> =>
      failureOf(verb, context, {}, instance, mountpoint);
    expect(await call(5)).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(/^mountpoint /),
    });
    expect(await call('/dev/vdb')).toMatchObject(passesValidation);
  });

  it('accepts the bdms of rebuild as Nova sends them, and refuses others', async () => {
    const detach_block_devices = (): Promise<void> => Promise.resolve();
    const rebuilding = (bdms: unknown): Promise<unknown> =>
      failureOf('rebuild', context, instance, image, { bdms, detach_block_devices });
    expect(await rebuilding([null])).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('bdms.0 '),
    });
    expect(await rebuilding([{ destination_type: 'volume' }])).toMatchObject(passesValidation);
  });

  it.each(['snapshot', 'cache_image'])('requires an image id for %s', async (verb) => {
    const subjects = verb === 'snapshot' ? [instance] : [];
    const refused = failureOf(verb, context, ...subjects, { id: 'image' }, () => Promise.resolve());
    expect(await refused).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('image_id '),
    });
  });

  it('requires text as a password', async () => {
    const refusal = { name: 'InvalidInput', message: expect.stringContaining('pass') };
    expect(await failureOf('spawn', context, instance, image, { admin_password: 5 })).toMatchObject(refusal);
    expect(await failureOf('rescue', context, instance, [], image, { rescue_password: {} })).toMatchObject(
      refusal,
    );
    expect(await failureOf('set_admin_password', instance, undefined)).toMatchObject(refusal);
  });

  it('accepts text and bytes as injected files of spawn', async () => {
    const injected_files = [
      ['/etc/motd', 'hello'],
      ['/etc/key', Buffer.from('key')],
      ['/etc/bytes', new Uint8Array(3)],
    ];
    expect(await failureOf('spawn', context, instance, image, { injected_files })).toMatchObject(
      passesValidation,
    );
  });

  it('accepts only SOFT and HARD as reboot_type', async () => {
    expect(await failureOf('reboot', context, instance, [], 'soft')).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('reboot_type '),
    });
    expect(await failureOf('reboot', context, instance, [], 'SOFT')).toMatchObject(passesValidation);
  });

  it('requires update_task_state for snapshot', async () => {
    expect(await failureOf('snapshot', context, instance, 'image')).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('update_task_state '),
    });
  });

  it.each([undefined, '', 7])('requires a host name for init_host, not %j', async (host) => {
    expect(await failureOf('init_host', host)).toMatchObject({ name: 'InvalidInput' });
  });
});
