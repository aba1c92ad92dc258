import { describe, expect, it } from '@jest/globals';
import { verify } from 'unixcrypt';
import type { Instance } from '../../../interfaces/index.js';
import { InstanceNotFound, power_state, reboot_type } from '../../../interfaces/index.js';
import { newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Suspend, soft delete, Nova's calls at host boot and in periodic tasks, crash dumps and passwords. */
export function powerContract(harness: () => Harness): void {
  const state = async (instance: Instance): Promise<number> =>
    (await harness().driver.get_info(instance)).state;
  const output = (instance: Instance): Promise<string> =>
    harness().driver.get_console_output(harness().context, instance);
  const counting = 'echo done; i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); echo "count $i"; sleep 0.1; done';
  const count = async (instance: Instance): Promise<number> =>
    Number((await output(instance)).trimEnd().split(' ').at(-1));

  describe('suspend and resume', () => {
    it('freeze an instance and continue it with its memory, also after a driver restart', async () => {
      const { driver, restart, run, context } = harness();
      const { instance } = await run(counting);
      const { started_at } = await driver.get_info(instance);
      await driver.suspend(context, instance);
      expect(await state(instance)).toBe(power_state.SUSPENDED);
      const suspendedAt = await count(instance);
      const restarted = await restart();
      await expect(restarted.get_info(instance)).resolves.toMatchObject({ state: power_state.SUSPENDED });
      expect(await count(instance)).toBe(suspendedAt);
      await restarted.resume(context, instance, []);
      await expect(driver.get_info(instance)).resolves.toMatchObject({
        state: power_state.RUNNING,
        started_at,
      });
      await eventually('the instance continues to count', async () => (await count(instance)) > suspendedAt);
    });

    it('are idempotent, and leave a running instance unchanged', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      const before = await driver.get_info(instance);
      await driver.resume(context, instance, []);
      expect(await driver.get_info(instance)).toEqual(before);
      await driver.suspend(context, instance);
      await driver.suspend(context, instance);
      expect(await state(instance)).toBe(power_state.SUSPENDED);
      await driver.resume(context, instance, []);
      await driver.resume(context, instance, []);
      expect(await driver.get_info(instance)).toEqual(before);
    });

    it('distinguish suspended from paused, also for an instance that was paused before', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      await driver.pause(instance);
      expect(await state(instance)).toBe(power_state.PAUSED);
      await driver.suspend(context, instance);
      expect(await state(instance)).toBe(power_state.SUSPENDED);
      await expect(driver.pause(instance)).rejects.toMatchObject({ name: 'InstanceInvalidState' });
      await expect(driver.unpause(instance)).rejects.toMatchObject({ name: 'InstanceInvalidState' });
      expect(await state(instance)).toBe(power_state.SUSPENDED);
      await driver.resume(context, instance, []);
      await driver.pause(instance);
      expect(await state(instance)).toBe(power_state.PAUSED);
    });

    it('refuse an instance that is powered off or unknown', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot({}, { power_on: false });
      await expect(driver.suspend(context, instance)).rejects.toMatchObject({
        name: 'InstanceSuspendFailure',
      });
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await expect(driver.suspend(context, newInstance())).rejects.toBeInstanceOf(InstanceNotFound);
      await expect(driver.resume(context, newInstance(), [])).rejects.toBeInstanceOf(InstanceNotFound);
    });

    it('do not make other verbs on a suspended instance fail', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run("trap 'echo goodbye; exit' TERM; echo done; sleep 1000 & wait");
      const goodbyes = async (): Promise<number> => (await output(instance)).split('goodbye').length - 1;
      const suspended = async (verb: () => Promise<void>): Promise<number> => {
        await driver.suspend(context, instance);
        await verb();
        return await state(instance);
      };
      expect(await suspended(() => driver.reboot(context, instance, [], reboot_type.HARD))).toBe(
        power_state.RUNNING,
      );
      // The instance may also print a goodbye during the hard stop.
      const before = await goodbyes();
      expect(await suspended(() => driver.reboot(context, instance, [], reboot_type.SOFT))).toBe(
        power_state.RUNNING,
      );
      expect(await suspended(() => driver.power_on(context, instance, []))).toBe(power_state.RUNNING);
      expect(await suspended(() => driver.power_off(instance, { timeout: 10, retry_interval: 4 }))).toBe(
        power_state.SHUTDOWN,
      );
      expect(await goodbyes()).toBe(before + 2);
      await driver.power_on(context, instance, []);
      await driver.pause(instance);
      expect(await state(instance)).toBe(power_state.PAUSED);
      await driver.unpause(instance);
      await driver.suspend(context, instance);
      await driver.destroy(context, instance, []);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    });
  });

  describe('resume_state_on_host_boot', () => {
    it('starts an instance that is powered off', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      await driver.resume_state_on_host_boot(context, instance, []);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('leaves running, paused and suspended instances alone', async () => {
      const { driver, boot, context } = harness();
      const instances = await Promise.all([boot(), boot(), boot()]);
      const [, paused, suspended] = instances;
      await driver.pause(paused);
      await driver.suspend(context, suspended);
      for (const instance of instances) {
        const before = await driver.get_info(instance);
        await driver.resume_state_on_host_boot(context, instance, []);
        expect(await driver.get_info(instance)).toEqual(before);
      }
    });

    it('rejects with InstanceNotFound for an unknown instance without an image', async () => {
      const { driver, context } = harness();
      await expect(driver.resume_state_on_host_boot(context, newInstance(), [])).rejects.toBeInstanceOf(
        InstanceNotFound,
      );
    });
  });

  describe('soft_delete and restore', () => {
    it('stop an instance with SIGTERM, and start it again with its files', async () => {
      const { driver, run } = harness();
      const { instance } = await run(
        "[ -e /kept ] && echo again; touch /kept; trap 'echo goodbye; exit' TERM; echo done; sleep 1000 & wait",
      );
      await driver.soft_delete(instance);
      await driver.soft_delete(instance);
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      expect(await output(instance)).toContain('goodbye');
      await driver.restore(instance);
      await driver.restore(instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
      await eventually('the instance finds its file', async () => (await output(instance)).includes('again'));
    });

    it('succeed and reject with InstanceNotFound, respectively, for an unknown instance', async () => {
      const { driver } = harness();
      await driver.soft_delete(newInstance());
      await expect(driver.restore(newInstance())).rejects.toBeInstanceOf(InstanceNotFound);
    });
  });

  describe('poll_rebooting_instances', () => {
    it('starts instances that do not run, leaves running ones, and ignores unknown ones', async () => {
      const { driver, boot } = harness();
      const [off, paused, running] = await Promise.all([boot(), boot(), boot()]);
      await driver.power_off(off);
      await driver.pause(paused);
      const before = await driver.get_info(running);
      await driver.poll_rebooting_instances(60, [newInstance(), off, paused, running]);
      expect(await state(off)).toBe(power_state.RUNNING);
      expect(await state(paused)).toBe(power_state.RUNNING);
      expect(await driver.get_info(running)).toEqual(before);
    });

    it('reboots an instance that has been running for longer than the timeout', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      const { started_at } = await driver.get_info(instance);
      await driver.poll_rebooting_instances(0, [instance]);
      const after = await driver.get_info(instance);
      expect(after.state).toBe(power_state.RUNNING);
      expect(after.started_at).not.toBe(started_at);
    });
  });

  describe('trigger_crash_dump', () => {
    it('sends SIGABRT to the process of the instance', async () => {
      const { driver, run } = harness();
      const { instance } = await run("trap 'echo dumped; exit 6' ABRT; echo done; sleep 1000 & wait");
      await driver.trigger_crash_dump(instance);
      await eventually(
        'the instance has ended',
        async () => (await state(instance)) === power_state.SHUTDOWN,
      );
      await expect(driver.get_info(instance)).resolves.toMatchObject({ exit_code: 6 });
      expect(await output(instance)).toContain('dumped');
    });

    it('refuses a paused, powered off or unknown instance', async () => {
      const { driver, standing } = harness();
      const instance = await standing();
      await driver.pause(instance);
      await expect(driver.trigger_crash_dump(instance)).rejects.toMatchObject({ name: 'InstanceNotRunning' });
      expect(await state(instance)).toBe(power_state.PAUSED);
      await driver.power_off(instance);
      await expect(driver.trigger_crash_dump(instance)).rejects.toMatchObject({ name: 'InstanceNotRunning' });
      await expect(driver.trigger_crash_dump(newInstance())).rejects.toBeInstanceOf(InstanceNotFound);
    });
  });

  describe('set_admin_password', () => {
    it('sets the password of a running instance, repeatedly', async () => {
      const { driver, run } = harness();
      const { instance } = await run(
        'echo done; while :; do grep root: /etc/shadow; stat -c "mode %a" /etc/shadow; sleep 0.5; done',
      );
      for (const password of ['sesame', 'open: sesame\n']) {
        await driver.set_admin_password(instance, password);
        await eventually(`the password is ${password}`, async () => {
          const hash = (await output(instance)).trimEnd().split('root:').at(-1)?.split(':')[0] ?? '';
          return hash.startsWith('$') && verify(password, hash);
        });
      }
      expect((await output(instance)).trimEnd()).toMatch(/mode 600$/);
    });

    it('refuses an instance without /etc/shadow, a powered off and an unknown one', async () => {
      const { driver, run } = harness();
      const { instance } = await run('rm /etc/shadow; echo done; exec sleep 1000');
      await expect(driver.set_admin_password(instance, 'sesame')).rejects.toMatchObject({
        name: 'SetAdminPasswdNotSupported',
      });
      await driver.power_off(instance);
      await expect(driver.set_admin_password(instance, 'sesame')).rejects.toMatchObject({
        name: 'InstanceNotRunning',
      });
      await expect(driver.set_admin_password(newInstance(), 'sesame')).rejects.toBeInstanceOf(
        InstanceNotFound,
      );
    });
  });
}
