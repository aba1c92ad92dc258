import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../interfaces/index.js';
import { lifecycle_event, power_state, reboot_type } from '../../../interfaces/index.js';
import type { ContainerRef, Engine } from '../../../lib/engine/index.js';
import { containerRef, networkRef, volumeName } from '../../../lib/engine/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, removeImages } from '../../support/engine.js';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from '../contract/harness.js';
import { eventually } from '../contract/harness.js';

const nameOf = ({ uuid }: Instance): ContainerRef => containerRef(`nova-${uuid}`);

describe('DockerDriver power verbs after changes at the engine', () => {
  let harness: Harness;
  let engine: Engine;
  beforeAll(async () => {
    harness = await dockerHarness();
    engine = directEngine();
  });
  afterAll(async () => {
    await harness.close();
    engine.close();
  });

  const state = async (instance: Instance): Promise<number> =>
    (await harness.driver.get_info(instance)).state;
  const output = (instance: Instance): Promise<string> =>
    harness.driver.get_console_output(harness.context, instance);

  describe('a reboot', () => {
    const network = new TestNetwork();
    const network_info = network.port(7);
    let instance: Instance;
    beforeEach(async () => {
      const command = "sh -c 'ip addr show; cat /root/.ssh/authorized_keys; echo $role; exec sleep 1000'";
      instance = newInstance({
        image_ref: harness.image.id,
        key_data: 'ssh-ed25519 AAAA me',
        metadata: { role: 'frontend' },
        system_metadata: {
          image_os_command_line: command,
          image_os_shutdown_timeout: '7',
          image_container_format: 'docker',
          image_min_ram: '0',
        },
      });
      const meta = newImageMeta(harness.image.id, { os_command_line: command, os_shutdown_timeout: '7' });
      await harness.driver.spawn(harness.context, instance, meta, { network_info });
    });

    it.each([
      [reboot_type.HARD, 'is in the engine', false],
      [reboot_type.SOFT, 'is in the engine', false],
      [reboot_type.HARD, 'has to be loaded again', true],
    ])('%s creates a removed container again when its image %s', async (type, _, unload) => {
      const { driver, context } = harness;
      const made = await engine.containers.inspect(nameOf(instance));
      await engine.containers.remove(nameOf(instance), { force: true });
      await engine.networks.remove(networkRef(`nova-${network.id}`));
      if (unload) await removeImages([harness.image.id]);
      await driver.reboot(context, instance, network_info, type);
      expect(await state(instance)).toBe(power_state.RUNNING);
      const again = await engine.containers.inspect(nameOf(instance));
      expect(again.Config.Labels).toEqual({
        ...made.Config.Labels,
        'nova-docker-driver.spawn.attempt': expect.any(String),
      });
      expect({ ...again.Config, Labels: {} }).toEqual({ ...made.Config, Labels: {} });
      await eventually('the instance prints its settings', async () =>
        (await output(instance)).includes('frontend'),
      );
      expect(await output(instance)).toContain(`${network.address(7)}/24`);
      expect(await output(instance)).toContain('ssh-ed25519 AAAA me');
      await driver.destroy(context, instance, network_info);
    });

    it('creates a removed network again', async () => {
      const { driver, context } = harness;
      await engine.containers.stop(nameOf(instance), { timeout: 0 });
      const gone = networkRef(`nova-${network.id}`);
      await engine.networks.remove(gone);
      await driver.reboot(context, instance, network_info, reboot_type.HARD);
      await eventually(
        'the instance has its address again',
        async () =>
          (await output(instance))
            .split('frontend')
            .at(1)
            ?.includes(`${network.address(7)}/24`) ?? false,
      );
      await driver.destroy(context, instance, network_info);
    });

    it('fails, and creates no container, when the container is set aside for a migration', async () => {
      const { driver, context } = harness;
      const aside = containerRef(`nova-${instance.uuid}.migrated`);
      await engine.containers.rename(nameOf(instance), { name: aside });
      await expect(driver.reboot(context, instance, network_info, reboot_type.HARD)).rejects.toMatchObject({
        name: 'InstanceRebootFailure',
        message: expect.stringContaining(aside),
      });
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
      await driver.destroy(context, instance, network_info);
    });

    it('swaps the container back in that a crashed rescue set aside', async () => {
      const { driver, context } = harness;
      const aside = containerRef(`nova-${instance.uuid}.rescued`);
      const { Id: id } = await engine.containers.inspect(nameOf(instance));
      await engine.containers.rename(nameOf(instance), { name: aside });
      await driver.reboot(context, instance, network_info, reboot_type.HARD);
      await expect(driver.get_info(instance)).resolves.toMatchObject({
        state: power_state.RUNNING,
        internal_id: id,
      });
      await driver.destroy(context, instance, network_info);
    });

    it('creates a container again that a crashed spawn left half-made', async () => {
      const { driver, context } = harness;
      const { Image: image, Config: configuration } = await engine.containers.inspect(nameOf(instance));
      await engine.containers.remove(nameOf(instance), { force: true });
      await engine.containers.create({
        name: nameOf(instance),
        specification: { Image: image, Cmd: ['/no/such'], Labels: configuration.Labels },
      });
      await driver.reboot(context, instance, network_info, reboot_type.HARD);
      await eventually('the instance prints its settings', async () =>
        (await output(instance)).includes('frontend'),
      );
      await driver.destroy(context, instance, network_info);
    });
  });

  it('a hard reboot starts an instance that ran out of memory', async () => {
    const { driver, run, context } = harness;
    const { instance } = await run(
      'echo done; [ -e /again ] && exec sleep 1000; touch /again; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
    );
    await eventually('the instance is killed', async () => (await state(instance)) === power_state.CRASHED);
    await driver.reboot(context, instance, [], reboot_type.HARD);
    expect(await state(instance)).toBe(power_state.RUNNING);
  });

  it.each(['resume', 'resume_state_on_host_boot', 'power_on'] as const)(
    '%s starts a suspended instance whose container was killed, and clears the suspended state',
    async (verb) => {
      const { driver, boot, context } = harness;
      const instance = await boot();
      const { started_at } = await driver.get_info(instance);
      await driver.suspend(context, instance);
      await engine.containers.kill(nameOf(instance));
      await eventually('the instance is off', async () => (await state(instance)) === power_state.SHUTDOWN);
      await driver[verb](context, instance, []);
      const info = await driver.get_info(instance);
      expect(info.state).toBe(power_state.RUNNING);
      expect(info.started_at).not.toBe(started_at);
      const stored = engine.volumes.inspect(volumeName(`nova-${instance.uuid}.suspended`));
      await expect(stored).rejects.toMatchObject({ status: 404 });
    },
  );

  it.each(['resume', 'power_on'] as const)('%s keeps the interface of a suspended instance', async (verb) => {
    const { driver, boot, context } = harness;
    const network = new TestNetwork();
    const network_info = network.port(9);
    const instance = await boot({}, { network_info });
    const { NetworkSettings: connected } = await engine.containers.inspect(nameOf(instance));
    await driver.suspend(context, instance);
    await driver[verb](context, instance, network_info);
    expect(await state(instance)).toBe(power_state.RUNNING);
    const { NetworkSettings: settings } = await engine.containers.inspect(nameOf(instance));
    expect(settings).toEqual(connected);
    await driver.destroy(context, instance, network_info);
  });

  it('get_info reports PAUSED for a suspended instance that an operator restarted and paused', async () => {
    const { driver, boot, context } = harness;
    const instance = await boot();
    await driver.suspend(context, instance);
    await engine.containers.stop(nameOf(instance), { timeout: 0 });
    await engine.containers.start(nameOf(instance));
    expect(await state(instance)).toBe(power_state.RUNNING);
    await engine.containers.pause(nameOf(instance));
    expect(await state(instance)).toBe(power_state.PAUSED);
  });

  it('events and states follow an operator who pauses and unpauses a suspended instance', async () => {
    const { driver, context, boot, events } = harness;
    const instance = await boot();
    const heard = (): number[] =>
      events.flatMap(({ uuid, transition }) => (uuid === instance.uuid ? [transition] : []));
    const seen: unknown[] = [];
    const look = async (count: number): Promise<void> => {
      await eventually(`event ${count} is reported`, () => heard().length >= count);
      seen.push([heard().at(-1), await state(instance)]);
    };
    await driver.suspend(context, instance);
    await look(2);
    await engine.containers.unpause(nameOf(instance));
    await look(3);
    // Nova has not requested a resume: to it the instance is still suspended.
    await engine.containers.pause(nameOf(instance));
    await look(4);
    await engine.containers.unpause(nameOf(instance));
    await look(5);
    await driver.resume(context, instance, []);
    await engine.containers.pause(nameOf(instance));
    await look(6);
    await driver.unpause(instance);
    await look(7);
    expect(seen).toEqual([
      [lifecycle_event.SUSPENDED, power_state.SUSPENDED],
      [lifecycle_event.RESUMED, power_state.RUNNING],
      [lifecycle_event.SUSPENDED, power_state.SUSPENDED],
      [lifecycle_event.RESUMED, power_state.RUNNING],
      [lifecycle_event.PAUSED, power_state.PAUSED],
      [lifecycle_event.RESUMED, power_state.RUNNING],
    ]);
  });

  it('power_on names the missing command of an instance that cannot start, and leaves it off', async () => {
    const { driver, context, image } = harness;
    const instance = newInstance();
    const meta = { ...image, properties: { os_command_line: '/no/such/command' } };
    await driver.spawn(context, instance, meta, { power_on: false });
    await expect(driver.power_on(context, instance, [])).rejects.toMatchObject({
      name: 'InstancePowerOnFailure',
      message: expect.stringContaining('/no/such/command'),
    });
    expect(await state(instance)).toBe(power_state.SHUTDOWN);
    await driver.destroy(context, instance, []);
  });
});
