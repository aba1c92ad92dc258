import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance, LifecycleEvent, NetworkInfo } from '../../../interfaces/index.js';
import { reboot_type } from '../../../interfaces/index.js';
import type { Engine } from '../../../lib/engine/index.js';
import { containerRef, imageReference } from '../../../lib/engine/index.js';
import { label, repository } from '../../../lib/common/labels.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { containersOf, directEngine } from '../../support/engine.js';
import { newFlavor, newImageMeta, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

/** A verb validates its arguments before its first change: a refusal leaves the instance as it was. */
describe('a refused verb', () => {
  let harness: Harness;
  let engine: Engine;
  let neighbour: TestNetwork;
  beforeAll(async () => {
    engine = directEngine();
    harness = await dockerHarness();
    neighbour = new TestNetwork();
    await harness.boot({}, { network_info: neighbour.port(9) });
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });

  let network: TestNetwork;
  let instance: Instance;
  const boot = async (): Promise<void> => {
    network = new TestNetwork();
    const system_metadata = { image_os_shutdown_timeout: '1' };
    instance = await harness.boot({ system_metadata }, { network_info: ports(network) });
    await eventually('the listener is told of the start', () => eventsOf(instance).length > 0);
  };
  const eventsOf = ({ uuid }: Instance): readonly LifecycleEvent[] =>
    harness.events.filter((event) => event.uuid === uuid);

  const migrate = (dest: string, flavor: ReturnType<typeof newFlavor>): Promise<unknown> =>
    harness.driver.migrate_disk_and_power_off(harness.context, instance, dest, flavor, ports(network));

  /** Without fixed addresses: an engine cannot assign those again to a running container. */
  const ports = (of: TestNetwork): NetworkInfo => of.port(5).map((vif) => ({ ...vif, address: null }));

  const lookAt = ({ uuid }: Instance): Promise<unknown> => containersOf(engine, uuid);
  const engineNetworks = async (): Promise<string[]> =>
    (await engine.networks.list({})).map(({ Name: name }) => name).sort();

  /** Interfaces by the exception that refuses them: no host can have the first, this host not the second. */
  const refusedInterfaces = (): Readonly<Record<string, NetworkInfo>> => {
    const [vif] = ports(new TestNetwork());
    if (vif === undefined) throw new Error('a port has an interface');
    const loopback = { ...vif.network, subnets: [{ cidr: '127.0.0.0/8' }] };
    const overlapping = { ...vif.network, id: randomUUID(), subnets: [{ cidr: neighbour.cidr }] };
    return {
      VirtualInterfaceCreateException: [{ ...vif, network: loopback }],
      ComputeResourcesUnavailable: [...ports(new TestNetwork()), { ...vif, network: overlapping }],
    };
  };
  const disk_info = JSON.stringify({ kind: 'in place' });
  const migration = { uuid: randomUUID(), instance_uuid: '', source_compute: null, dest_compute: null };

  interface Case {
    readonly verb: string;
    readonly prepare?: () => Promise<unknown>;
    readonly call: (network_info: NetworkInfo) => Promise<unknown>;
    /** Exception of the verb that replaces the exception of the network. */
    readonly wrapped?: string;
  }
  const off = (): Promise<void> => harness.driver.power_off(instance);
  const cases: readonly Case[] = [
    {
      verb: 'a hard reboot',
      call: (info) => harness.driver.reboot(harness.context, instance, info, reboot_type.HARD),
    },
    {
      verb: 'a soft reboot',
      call: (info) => harness.driver.reboot(harness.context, instance, info, reboot_type.SOFT),
    },
    {
      verb: 'resume_state_on_host_boot',
      prepare: off,
      call: (info) => harness.driver.resume_state_on_host_boot(harness.context, instance, info),
    },
    {
      verb: 'power_on',
      prepare: off,
      call: (info) => harness.driver.power_on(harness.context, instance, info),
    },
    {
      verb: 'power_on of a paused instance',
      prepare: () => harness.driver.pause(instance),
      call: (info) => harness.driver.power_on(harness.context, instance, info),
    },
    {
      verb: 'resume',
      prepare: () => harness.driver.suspend(harness.context, instance),
      call: (info) => harness.driver.resume(harness.context, instance, info),
    },
    {
      verb: 'restore',
      prepare: () => harness.driver.soft_delete(instance),
      call: (info) => harness.driver.restore({ ...instance, info_cache: { network_info: info } }),
    },
    {
      verb: 'unrescue of an instance that is not rescued',
      prepare: off,
      call: (info) =>
        harness.driver.unrescue(harness.context, { ...instance, info_cache: { network_info: info } }),
    },
    { verb: 'plug_vifs', call: (info) => harness.driver.plug_vifs(instance, info) },
    {
      verb: 'attach_interface',
      wrapped: 'InterfaceAttachFailed',
      call: async (info) => {
        const vif = info.at(-1);
        if (vif !== undefined)
          await harness.driver.attach_interface(harness.context, instance, harness.image, vif);
      },
    },
    {
      verb: 'rebuild',
      call: (info) =>
        harness.driver.rebuild(harness.context, instance, harness.image, { network_info: info }),
    },
    {
      verb: 'a rebuild that hands over volumes',
      call: (info) =>
        harness.driver.rebuild(harness.context, instance, harness.image, {
          network_info: info,
          bdms: [
            {
              ...{ uuid: randomUUID(), instance_uuid: instance.uuid, source_type: 'volume' },
              ...{ destination_type: 'volume', device_name: '/dev/vdb' },
            },
          ],
          detach_block_devices: () => Promise.reject(new Error('nothing may be taken away')),
        }),
    },
    {
      verb: 'rescue',
      call: (info) => harness.driver.rescue(harness.context, instance, info, harness.image),
    },
    {
      verb: 'finish_migration in place',
      prepare: off,
      call: (info) => {
        const resized = { ...instance, flavor: newFlavor({ memory_mb: 128 }) };
        const { driver, context, image } = harness;
        return driver.finish_migration(context, migration, resized, disk_info, info, image);
      },
    },
    {
      verb: 'finish_revert_migration',
      prepare: async () => {
        const resized = { ...instance, flavor: newFlavor({ memory_mb: 128 }) };
        const { driver, context, image } = harness;
        await off();
        await driver.finish_migration(context, migration, resized, disk_info, ports(network), image);
        await off();
      },
      call: (info) => harness.driver.finish_revert_migration(harness.context, instance, info, migration),
    },
  ];

  /** Verifies that a verb with interfaces that are refused leaves the engine as it was, so that cases can share an instance. */
  const refusesInterfaces = async ({ call, wrapped }: Case): Promise<void> => {
    const before = await lookAt(instance);
    const networks = await engineNetworks();
    for (const [name, info] of Object.entries(refusedInterfaces()))
      await expect(call(info)).rejects.toMatchObject({ name: wrapped ?? name });
    expect(await lookAt(instance)).toEqual(before);
    expect(await engineNetworks()).toEqual(networks);
  };

  describe('of an instance that is not running', () => {
    beforeEach(boot);

    it.each(cases.filter(({ prepare }) => prepare !== undefined))(
      'changes nothing when its interfaces are refused: $verb',
      async (each) => {
        await each.prepare?.();
        await refusesInterfaces(each);
      },
    );
  });

  describe('of a running instance', () => {
    beforeAll(boot);

    it.each(cases.filter(({ prepare }) => prepare === undefined))(
      'changes nothing when its interfaces are refused: $verb',
      refusesInterfaces,
    );

    it('changes nothing when another instance has the address, in either network', async () => {
      await harness.boot({}, { network_info: network.port(6).map((vif) => ({ ...vif, address: null })) });
      const before = await lookAt(instance);
      const { driver, context } = harness;
      for (const taken of [network.port(6), neighbour.port(9)]) {
        const info = taken.map((vif) => ({ ...vif, address: null }));
        const refusal = { name: 'FixedIpInvalidOnHost' };
        await expect(driver.reboot(context, instance, info, reboot_type.HARD)).rejects.toMatchObject(refusal);
        await expect(driver.plug_vifs(instance, info)).rejects.toMatchObject(refusal);
      }
      expect(await lookAt(instance)).toEqual(before);
    });

    describe('changes nothing:', () => {
      const nowhere = newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
      it.each<readonly [string, string, () => Promise<unknown>]>([
        [
          'rebuild from a missing image',
          'ImageNotFound',
          () => harness.driver.rebuild(harness.context, instance, nowhere),
        ],
        [
          'rescue from a missing image',
          'ImageNotFound',
          () => harness.driver.rescue(harness.context, instance, null, nowhere),
        ],
        [
          'rescue with a password that is too long',
          'InvalidInput',
          () =>
            harness.driver.rescue(harness.context, instance, null, harness.image, {
              rescue_password: 'x'.repeat(600),
            }),
        ],
        [
          'snapshot into a missing image',
          'ImageNotFound',
          () => harness.driver.snapshot(harness.context, instance, nowhere.id, () => Promise.resolve()),
        ],
        [
          'set_admin_password with a password that is too long',
          'InvalidInput',
          () => harness.driver.set_admin_password(instance, 'x'.repeat(600)),
        ],
        ['migration to an unknown host', 'InstanceFaultRollback', () => migrate('203.0.113.9', newFlavor())],
        [
          'resize to a flavor with a malformed quota',
          'InstanceFaultRollback',
          async () =>
            migrate(
              await harness.driver.get_host_ip_addr(),
              newFlavor({ extra_specs: { 'quota:cpu_shares': 'many' } }),
            ),
        ],
      ])('%s', async (_what, name, call) => {
        const before = await lookAt(instance);
        const told = eventsOf(instance);
        await expect(call()).rejects.toMatchObject({ name });
        expect(await lookAt(instance)).toEqual(before);
        expect(eventsOf(instance)).toEqual(told);
      });

      it.each([
        ['rescue', 'rescued', 'InstanceExists'],
        ['rebuild', 'replaced', 'InstanceExists'],
        ['migrate_disk_and_power_off', 'migrated', 'InstanceFaultRollback'],
      ])('%s when a foreign container has the name nova-….%s', async (verb, part, name) => {
        const { driver, context, image } = harness;
        const before = await lookAt(instance);
        const taken = containerRef(`nova-${instance.uuid}.${part}`);
        const specification = {
          Image: imageReference(repository.image, image.id),
          Labels: { [label.instanceUuid]: '' },
        };
        const { id } = await engine.containers.create({ name: taken, specification });
        try {
          const calls: Readonly<Record<string, () => Promise<unknown>>> = {
            rescue: () => driver.rescue(context, instance, null, image),
            rebuild: () => driver.rebuild(context, instance, image),
            migrate_disk_and_power_off: async () =>
              migrate(await driver.get_host_ip_addr(), newFlavor({ ephemeral_gb: 1 })),
          };
          await expect(calls[verb]?.()).rejects.toMatchObject({ name });
          expect(await lookAt(instance)).toEqual(before);
        } finally {
          await engine.containers.remove(id, { force: true });
        }
      });
    });
  });
});
