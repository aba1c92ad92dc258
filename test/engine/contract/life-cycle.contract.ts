import { describe, expect, it } from '@jest/globals';
import { InstanceExists, InstanceNotFound, power_state, reboot_type } from '../../../interfaces/index.js';
import { newInstance, newImageMeta } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

const graceful = { timeout: 10 };

/** The verbs that every driver has, in the order of Nova's generic driver test case. */
export function lifeCycleContract(harness: () => Harness): void {
  const state = async (instance: Parameters<Harness['driver']['get_info']>[0]): Promise<number> =>
    (await harness().driver.get_info(instance)).state;

  describe('list_instances and list_instance_uuids', () => {
    it('report the names and uuids of the instances of this host', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await expect(driver.list_instances()).resolves.toContain(instance.name);
      await expect(driver.list_instance_uuids()).resolves.toContain(instance.uuid);
      await expect(driver.get_num_instances()).resolves.toBeGreaterThan(0);
    });

    it('omit a destroyed instance', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot();
      await driver.destroy(context, instance, []);
      await expect(driver.list_instance_uuids()).resolves.not.toContain(instance.uuid);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    });
  });

  describe('spawn', () => {
    it('boots a running instance with console output', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot();
      expect(await state(instance)).toBe(power_state.RUNNING);
      await eventually('the console says ready', async () =>
        (await driver.get_console_output(context, instance)).includes('ready'),
      );
    });

    it('leaves the instance powered off if power_on is false', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot({}, { power_on: false });
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await driver.power_on(context, instance, []);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('refuses an instance that exists already, and leaves it alone', async () => {
      const { driver, standing, context, image } = harness();
      const instance = await standing();
      const before = await driver.get_info(instance);
      await expect(driver.spawn(context, instance, image)).rejects.toBeInstanceOf(InstanceExists);
      expect(await driver.get_info(instance)).toEqual(before);
    });

    it('rejects with ImageNotFound for a missing image, and leaves no container', async () => {
      const { driver, context } = harness();
      const instance = newInstance();
      const nowhere = newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
      await expect(driver.spawn(context, instance, nowhere)).rejects.toMatchObject({ name: 'ImageNotFound' });
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    });
  });

  describe('get_info', () => {
    it('rejects with InstanceNotFound for an unknown instance', async () => {
      await expect(harness().driver.get_info(newInstance())).rejects.toBeInstanceOf(InstanceNotFound);
    });

    it('reports SHUTDOWN after an exit, and CRASHED after running out of memory', async () => {
      const ended = await harness().run('echo done; exit 3');
      await eventually(
        'the instance has ended',
        async () => (await state(ended.instance)) === power_state.SHUTDOWN,
      );
      await expect(harness().driver.get_info(ended.instance)).resolves.toMatchObject({
        exit_code: 3,
        oom_killed: false,
      });

      // A shell variable that doubles until the limit of 64 MiB ends the shell.
      const starved = await harness().run('echo done; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done');
      await eventually(
        'the instance is killed',
        async () => (await state(starved.instance)) === power_state.CRASHED,
      );
      await expect(harness().driver.get_info(starved.instance)).resolves.toMatchObject({ oom_killed: true });
    });

    describe('of an instance with a child that the out-of-memory killer ended', () => {
      const losesChild = (onTerm: string): string =>
        `trap '${onTerm}' TERM; (x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done); echo done; sleep 1000 & wait`;

      it.each([
        ['ends cleanly', 'exit 0', 60],
        ['reports its own exit code', 'exit 143', 60],
        ['must be killed', '', 0],
      ])('reports SHUTDOWN when the instance was stopped and %s', async (_what, onTerm, timeout) => {
        const { instance } = await harness().run(losesChild(onTerm));
        await harness().driver.power_off(instance, { timeout });
        expect(await state(instance)).toBe(power_state.SHUTDOWN);
        await expect((await harness().restart()).get_info(instance)).resolves.toMatchObject({
          state: power_state.SHUTDOWN,
          oom_killed: true,
        });
      });

      it('reports SHUTDOWN when its first process exits with 0', async () => {
        const { instance } = await harness().run(
          '(x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done); echo done; exit 0',
        );
        await eventually(
          'the instance has ended',
          async () => (await state(instance)) !== power_state.RUNNING,
        );
        expect(await state(instance)).toBe(power_state.SHUTDOWN);
      });

      it('reports CRASHED when its first process is killed after a power_off and power_on', async () => {
        const { driver, context } = harness();
        const { instance } = await harness().run(
          `[ -e /again ] && { x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done; }; touch /again; ${losesChild('exit 143')}`,
        );
        await driver.power_off(instance, { timeout: 60 });
        await driver.power_on(context, instance, []);
        await eventually(
          'the instance is killed',
          async () => (await state(instance)) === power_state.CRASHED,
        );
      });
    });
  });

  describe('reboot', () => {
    it.each([reboot_type.SOFT, reboot_type.HARD])('%s restarts a running instance', async (type) => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      const { started_at } = await driver.get_info(instance);
      await driver.reboot(context, instance, [], type);
      const after = await driver.get_info(instance);
      expect(after.state).toBe(power_state.RUNNING);
      expect(after.started_at).not.toBe(started_at);
    });

    it.each([reboot_type.SOFT, reboot_type.HARD])(
      '%s starts an instance that was powered off or paused',
      async (type) => {
        const { driver, standing, context } = harness();
        const instance = await standing();
        await driver.power_off(instance);
        await driver.reboot(context, instance, [], type);
        expect(await state(instance)).toBe(power_state.RUNNING);
        await driver.pause(instance);
        await driver.reboot(context, instance, [], type);
        expect(await state(instance)).toBe(power_state.RUNNING);
      },
    );

    it('kills an instance that ignores the stop signal of a soft reboot', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run("trap '' TERM; echo done; while :; do sleep 1; done", {
        system_metadata: { image_os_shutdown_timeout: '1' },
      });
      await driver.reboot(context, instance, [], reboot_type.SOFT);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('keeps the files of the instance', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(
        'if [ -e /kept ]; then echo again; fi; touch /kept; echo done; exec sleep 1000',
      );
      await driver.reboot(context, instance, [], reboot_type.HARD);
      await eventually('the instance finds its file', async () =>
        (await driver.get_console_output(context, instance)).includes('again'),
      );
    });
  });

  describe('power_off', () => {
    it('stops a running instance with SIGTERM if the timeout is not 0', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run("trap 'echo goodbye; exit 0' TERM; echo done; sleep 1000 & wait");
      await driver.power_off(instance, graceful);
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await expect(driver.get_console_output(context, instance)).resolves.toContain('goodbye');
      await expect(driver.get_info(instance)).resolves.toMatchObject({ exit_code: 0 });
    });

    it('repeats the stop signal at every retry interval, and kills the instance at the timeout', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(
        "trap 'echo asked' TERM; echo done; while :; do sleep 1000 & wait; done",
      );
      await driver.power_off(instance, { timeout: 3, retry_interval: 1 });
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      const output = await driver.get_console_output(context, instance);
      expect(output.split('asked').length - 1).toBe(3);
    });

    it('succeeds for an instance that is powered off, paused or unknown', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await driver.pause(instance);
      await driver.power_off(instance);
      await driver.power_off(instance, graceful);
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await driver.power_off(newInstance());
    });
  });

  describe('power_on', () => {
    it('leaves a running instance as it is', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      const before = await driver.get_info(instance);
      await driver.power_on(context, instance, []);
      expect(await driver.get_info(instance)).toEqual(before);
    });

    it('starts an instance that was powered off', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      await driver.power_on(context, instance, []);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('rejects with InstanceNotFound for an unknown instance', async () => {
      const { driver, context } = harness();
      await expect(driver.power_on(context, newInstance(), [])).rejects.toBeInstanceOf(InstanceNotFound);
    });
  });

  describe('pause and unpause', () => {
    it('freeze and continue an instance, and are idempotent', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await driver.unpause(instance);
      await driver.pause(instance);
      await driver.pause(instance);
      expect(await state(instance)).toBe(power_state.PAUSED);
      await driver.unpause(instance);
      await driver.unpause(instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('refuse an instance that is powered off or unknown', async () => {
      const { driver, boot } = harness();
      const instance = await boot({}, { power_on: false });
      await expect(driver.pause(instance)).rejects.toMatchObject({ name: 'InstanceInvalidState' });
      await expect(driver.unpause(instance)).rejects.toMatchObject({ name: 'InstanceInvalidState' });
      await expect(driver.pause(newInstance())).rejects.toBeInstanceOf(InstanceNotFound);
    });
  });

  describe('destroy, cleanup and failed_spawn_cleanup', () => {
    it('succeed for an unknown instance', async () => {
      const { driver, context } = harness();
      const instance = newInstance();
      await driver.destroy(context, instance, []);
      await driver.cleanup(context, instance, []);
      await driver.failed_spawn_cleanup(instance);
      await driver.unplug_vifs(instance, []);
      await driver.plug_vifs(instance, []);
    });

    it('remove an instance in any state', async () => {
      const { driver, boot, context } = harness();
      const [running, paused, off] = await Promise.all([boot(), boot(), boot()]);
      await driver.pause(paused);
      await driver.power_off(off);
      for (const instance of [running, paused, off]) {
        await driver.destroy(context, instance, []);
        await expect(driver.instance_exists(instance)).resolves.toBe(false);
      }
    });

    it('succeed when called concurrently, also with two drivers', async () => {
      const { driver, restart, boot, context } = harness();
      const instance = await boot();
      const other = await restart();
      await Promise.all([
        driver.destroy(context, instance, []),
        driver.destroy(context, instance, []),
        other.destroy(context, instance, []),
      ]);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    });

    it('keep the disk if destroy_disks is false', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(
        'if [ -e /kept ]; then echo again; fi; touch /kept; echo done; exec sleep 1000',
      );
      await driver.destroy(context, instance, [], { destroy_disks: false });
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await driver.power_on(context, instance, []);
      await eventually('the instance finds its file', async () =>
        (await driver.get_console_output(context, instance)).includes('again'),
      );
    });
  });
}
