import { strict as assert } from 'node:assert';
import type { z } from 'zod';
import type { ImageMeta, Instance, LifecycleEvent, NetworkInfo } from '../../interfaces/index.js';
import { lifecycle_event, power_state, reboot_type, task_states } from '../../interfaces/index.js';
import type { DockerDriver } from '../../lib/index.js';
import * as fields from './nova-fields.js';
import { context, newImageMeta, newInstance } from './nova-objects.js';
import { OneProvider } from './one-provider.js';
import { eventually } from '../engine/contract/harness.js';
import type { SmallImageService } from './small-image-service.js';

/** What a scenario runs on: the same when it is recorded from an engine and when it is replayed. */
export interface Stage {
  readonly driver: DockerDriver;
  readonly imageService: SmallImageService;
  readonly image: ImageMeta;
  readonly events: readonly LifecycleEvent[];
}

/** Verbs and assertions that are recorded in `fixtures/` and replayed by the unit tests. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Whether the driver reads a paused instance for an event while a verb runs, in either order. */
  readonly isConcurrent?: true;
  readonly play: (stage: Stage) => Promise<void>;
}

const host = 'node-1';
const network_info: NetworkInfo = [
  {
    id: '6e3c4fb6-a6a7-476b-a2f7-f3468472eefd',
    address: 'fa:16:3e:2f:42:e4',
    type: 'bridge',
    network: {
      id: '6c4cfd16-2e40-493c-8896-6e3cd024c997',
      bridge: 'brq6c4cfd16-2e',
      label: 'lab',
      subnets: [
        {
          cidr: '10.213.77.0/24',
          gateway: { address: '10.213.77.1', type: 'gateway', version: 4 },
          dns: [{ address: '10.213.77.253', type: 'dns', version: 4 }],
          ips: [{ address: '10.213.77.132', type: 'fixed', version: 4 }],
          version: 4,
        },
      ],
      meta: { mtu: 1500 },
    },
  },
];

/** The only instance of a scenario; constant, so that a replay sends the recorded requests. */
const instance = newInstance({
  uuid: 'e08a638c-8f39-417f-9413-de6f6ab98f3f',
  name: 'instance-00000001',
  metadata: { greeting: 'hello' },
  // The program of the image ignores SIGTERM.
  system_metadata: { image_os_shutdown_timeout: '1' },
});

const stateOf = async ({ driver }: Stage): Promise<number> => (await driver.get_info(instance)).state;

async function boot({ driver, image }: Stage, command?: string): Promise<void> {
  const properties = command === undefined ? {} : { os_command_line: command };
  await driver.spawn(context, instance, { ...image, properties });
}

const rejects = async (work: Promise<unknown>, name: string): Promise<void> => {
  await assert.rejects(work, (error: { name?: unknown }) => {
    assert.equal(error.name, name);
    return true;
  });
};

/** Waits for the PAUSED event: for it, the driver sends a request that must not mix with what follows. */
async function pauseIsReported({ events }: Stage): Promise<void> {
  await eventually('the PAUSED event is reported', () =>
    events.some(({ transition }) => transition === lifecycle_event.PAUSED),
  );
}

/** A scenario with a running instance. */
function withInstance(name: string, description: string, play: Scenario['play'], command?: string): Scenario {
  return {
    name,
    description,
    play: async (stage) => {
      await boot(stage, command);
      await play(stage);
      await stage.driver.destroy(context, instance, []);
    },
  };
}

/** Every implemented verb, and its typical errors. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'spawn-cold',
    description: 'The first spawn from an image: the engine does not have it yet',
    play: async (stage) => {
      await boot(stage);
      assert.equal(await stateOf(stage), power_state.RUNNING);
      await stage.driver.destroy(context, instance, []);
    },
  },
  withInstance('spawn-warm', 'A spawn from an image that the engine has', async (stage) => {
    await stage.driver.destroy(context, instance, []);
    await boot(stage);
    assert.equal(await stateOf(stage), power_state.RUNNING);
  }),
  {
    name: 'spawn-with-everything',
    description: 'A spawn with a network, a key, user data and an injected file, and its destruction',
    play: async ({ driver, image }) => {
      const full: Instance = {
        ...instance,
        key_data: 'ssh-ed25519 AAAA me',
        user_data: Buffer.from('#!/bin/sh\n').toString('base64'),
      };
      await driver.spawn(context, full, image, { network_info, injected_files: [['/etc/motd', 'hello\n']] });
      await driver.plug_vifs(full, network_info);
      await driver.reboot(context, full, network_info, reboot_type.HARD);
      await driver.destroy(context, full, network_info);
    },
  },
  withInstance('spawn-exists', 'A spawn of an instance that is there', async ({ driver, image }) => {
    await rejects(driver.spawn(context, instance, image), 'InstanceExists');
  }),
  {
    name: 'spawn-command-not-found',
    description: 'A spawn with a command that the image does not have',
    play: async (stage) => {
      await rejects(boot(stage, '/no/such/command'), 'ImageUnacceptable');
      await rejects(stage.driver.get_info(instance), 'InstanceNotFound');
    },
  },
  {
    name: 'spawn-image-not-found',
    description: 'A spawn from an image that the image service does not have',
    play: async ({ driver }) => {
      const nowhere = newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
      await rejects(driver.spawn(context, instance, nowhere), 'ImageNotFound');
    },
  },
  {
    name: 'spawn-refused',
    description: 'A spawn that the engine refuses: less memory than it allows',
    play: async ({ driver, image }) => {
      const tiny = { ...instance, flavor: { ...instance.flavor, memory_mb: 1 } };
      await rejects(driver.spawn(context, tiny, image), 'InvalidInput');
    },
  },
  withInstance('get-info', 'An instance in every power state', async (stage) => {
    const { driver } = stage;
    assert.equal(await stateOf(stage), power_state.RUNNING);
    await driver.pause(instance);
    await pauseIsReported(stage);
    assert.equal(await stateOf(stage), power_state.PAUSED);
    await driver.unpause(instance);
    await driver.power_off(instance);
    assert.equal(await stateOf(stage), power_state.SHUTDOWN);
    await driver.power_on(context, instance, []);
    assert.equal(await stateOf(stage), power_state.RUNNING);
  }),
  withInstance(
    'already',
    'Verbs on an instance that is in the wanted state, or in one they make no sense in',
    async (stage) => {
      const { driver } = stage;
      await driver.power_on(context, instance, []);
      await driver.unpause(instance);
      await driver.pause(instance);
      await pauseIsReported(stage);
      await driver.pause(instance);
      await driver.power_off(instance);
      await driver.power_off(instance);
      await rejects(driver.pause(instance), 'InstanceInvalidState');
      await rejects(driver.unpause(instance), 'InstanceInvalidState');
    },
  ),
  {
    name: 'not-found',
    description: 'Verbs on an instance that does not exist',
    play: async ({ driver }) => {
      await rejects(driver.get_info(instance), 'InstanceNotFound');
      await rejects(driver.power_on(context, instance, []), 'InstanceNotFound');
      await rejects(driver.reboot(context, instance, [], reboot_type.SOFT), 'InstanceNotFound');
      await rejects(driver.get_console_output(context, instance), 'InstanceNotFound');
      await driver.power_off(instance);
      await driver.plug_vifs(instance, []);
      await driver.unplug_vifs(instance, []);
      await driver.cleanup(context, instance, []);
      await driver.destroy(context, instance, []);
      assert.equal(await driver.instance_exists(instance), false);
    },
  },
  withInstance('list-instances', 'The instances of the host', async ({ driver }) => {
    assert.deepEqual(await driver.list_instances(), [instance.name]);
    assert.deepEqual(await driver.list_instance_uuids(), [instance.uuid]);
    assert.equal(await driver.get_num_instances(), 1);
  }),
  withInstance('reboot', 'A soft and a hard reboot', async (stage) => {
    await stage.driver.reboot(context, instance, [], reboot_type.SOFT);
    await stage.driver.reboot(context, instance, [], reboot_type.HARD);
    assert.equal(await stateOf(stage), power_state.RUNNING);
  }),
  withInstance(
    'get-console-output',
    'What an instance printed, to both of its outputs',
    async ({ driver }) => {
      await eventually('it has printed both', async () => {
        const output = await driver.get_console_output(context, instance);
        return output.includes('hello\n') && output.includes('world\n');
      });
    },
  ),
  {
    ...withInstance('snapshot', 'A snapshot into a queued image', async (stage) => {
      const { driver, imageService } = stage;
      const { id } = await imageService.create(context, { id: 'a14058e0-772e-4759-a4f5-b27d44432197' });
      const states: string[] = [];
      await driver.snapshot(context, instance, id, async ({ task_state }) => {
        states.push(task_state);
        // The instance is paused during the commit.
        if (task_state === task_states.IMAGE_UPLOADING) await pauseIsReported(stage);
      });
      assert.deepEqual(states, [task_states.IMAGE_PENDING_UPLOAD, task_states.IMAGE_UPLOADING]);
      assert.equal((await imageService.show(context, id)).status, 'active');
    }),
    isConcurrent: true,
  },
  {
    name: 'snapshot-not-running',
    description: 'A snapshot of an instance that does not exist',
    play: async ({ driver }) => {
      await rejects(
        driver.snapshot(context, instance, 'any', () => Promise.resolve()),
        'InstanceNotRunning',
      );
    },
  },
  withInstance(
    'results',
    "The results of the verbs that tell something are of Nova's types",
    async ({ driver }) => {
      /** Throws if the result is not of the type. */
      const validate = async (type: z.ZodType, result: Promise<unknown>): Promise<void> =>
        void type.parse(await result);
      await validate(fields.instanceInfo, driver.get_info(instance, { usage: true }));
      await validate(fields.diagnostics, driver.get_instance_diagnostics(instance));
      await validate(fields.flatDiagnostics, driver.get_diagnostics(instance));
      await validate(fields.hostResources, driver.get_available_resource(host));
      await validate(fields.names, driver.get_available_nodes());
      await validate(fields.namesByUuid, driver.get_nodenames_by_uuid());
      await validate(fields.names, driver.list_instances());
      await validate(fields.uuids, driver.list_instance_uuids());
      await validate(fields.capabilitiesAsTraits, driver.capabilities_as_traits());
      await validate(fields.hostCpuStats, driver.get_host_cpu_stats());
      await validate(fields.hostUptime, driver.get_host_uptime());
      await validate(fields.ipAddress, driver.get_host_ip_addr());
      await validate(fields.volumeUsages, driver.get_all_volume_usage(context, []));
      await validate(fields.json(fields.diskInfo), driver.get_instance_disk_info(instance));
      const provider = new OneProvider();
      await driver.update_provider_tree(provider, host);
      fields.inventories.parse(provider.inventory);
      fields.traits.parse([...provider.traits]);
      // Nova looks up the node that diagnostics and Placement name.
      const { uuid } = await driver.get_available_resource(host);
      assert.deepEqual(await driver.get_nodenames_by_uuid(), { [uuid]: host });
    },
  ),
  withInstance('get-available-resource', 'What the host has and uses', async ({ driver }) => {
    const resources = await driver.get_available_resource(host);
    assert.equal(resources.vcpus_used, 1);
    assert.equal(resources.memory_mb_used, 64);
    assert.deepEqual(await driver.get_available_nodes(), [host]);
  }),
  withInstance('events', 'What happens to an instance is told', async ({ driver, events }) => {
    await driver.power_off(instance);
    await eventually('two events', () => events.length >= 2);
    assert.deepEqual(
      events.map(({ transition }) => transition),
      [lifecycle_event.STARTED, lifecycle_event.STOPPED],
    );
  }),
];
