import { describe, expect, it } from '@jest/globals';
import type { TaskState } from '../../../interfaces/index.js';
import { power_state, reboot_type, task_states } from '../../../interfaces/index.js';
import { newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { lastWords } from './harness.js';

interface Update {
  task_state: TaskState;
  expected_state?: TaskState;
}

/** Snapshots: Nova's order of calls, and a bootable image. */
export function snapshotContract(harness: () => Harness): void {
  describe('snapshot', () => {
    it('rejects with InstanceNotRunning for an unknown instance, and leaves the image queued', async () => {
      const { driver, context, imageService } = harness();
      const { id } = await imageService.create(context, { name: 'nothing' });
      await expect(
        driver.snapshot(context, newInstance(), id, () => Promise.resolve()),
      ).rejects.toMatchObject({ name: 'InstanceNotRunning' });
      await expect(imageService.show(context, id)).resolves.toMatchObject({ status: 'queued' });
      await imageService.delete(context, id);
    });

    it('saves an instance with its files as a bootable image', async () => {
      const { driver, run, context, imageService } = harness();
      const { instance } = await run('echo precious > /saved; echo done; exec sleep 1000');
      const { id } = await imageService.create(context, { name: 'saved' });
      const updates: Update[] = [];
      await driver.snapshot(context, instance, id, (update) => {
        updates.push(update);
        return Promise.resolve();
      });
      expect(updates).toEqual([
        { task_state: task_states.IMAGE_PENDING_UPLOAD },
        { task_state: task_states.IMAGE_UPLOADING, expected_state: task_states.IMAGE_PENDING_UPLOAD },
      ]);
      await expect(imageService.show(context, id)).resolves.toMatchObject({
        status: 'active',
        container_format: 'docker',
        disk_format: 'raw',
      });
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.RUNNING });

      const copy = newInstance();
      await driver.spawn(context, copy, newImageMeta(id, { os_command_line: 'cat /saved' }));
      const output = await lastWords(harness(), copy);
      await driver.destroy(context, copy, []);
      expect(output).toBe('precious\n');
    });

    it('saves an instance that is powered off', async () => {
      const { driver, standing, context, imageService } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      const { id } = await imageService.create(context, { name: 'saved' });
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      await expect(imageService.show(context, id)).resolves.toMatchObject({ status: 'active' });
      await expect(driver.get_info(instance)).resolves.toMatchObject({ state: power_state.SHUTDOWN });
    });

    it('rejects with the error of update_task_state, and leaves the image queued', async () => {
      const { driver, standing, context, imageService } = harness();
      const instance = await standing();
      const { id } = await imageService.create(context, { name: 'unwanted' });
      const deleting = new Error('the instance is being deleted');
      await expect(
        driver.snapshot(context, instance, id, ({ task_state }) =>
          task_state === task_states.IMAGE_UPLOADING ? Promise.reject(deleting) : Promise.resolve(),
        ),
      ).rejects.toBe(deleting);
      await expect(imageService.show(context, id)).resolves.toMatchObject({ status: 'queued' });
      await imageService.delete(context, id);
    });

    it('allows a reboot and a destroy of the instance while the image is uploaded', async () => {
      const { driver, run, context, imageService } = harness();
      const { instance } = await run('echo precious > /saved; echo done; exec sleep 1000');
      const { id } = await imageService.create(context, { name: 'saved' });
      let upload = (): void => undefined;
      const uploading = new Promise<void>((resolve) => {
        upload = resolve;
      });
      let committed = (): void => undefined;
      const isCommitted = new Promise<void>((resolve) => {
        committed = resolve;
      });
      const saving = driver.snapshot(context, instance, id, async ({ task_state }) => {
        if (task_state !== task_states.IMAGE_UPLOADING) return;
        committed();
        await uploading;
      });
      await isCommitted;
      await driver.reboot(context, instance, [], reboot_type.HARD);
      await driver.destroy(context, instance, []);
      upload();
      await saving;
      const copy = newInstance();
      await driver.spawn(context, copy, newImageMeta(id, { os_command_line: 'cat /saved' }));
      const output = await lastWords(harness(), copy);
      await driver.destroy(context, copy, []);
      expect(output).toBe('precious\n');
    });

    it("keeps the instance's metadata out of the image", async () => {
      const { driver, run, context, imageService } = harness();
      const { instance } = await run('echo done; exec sleep 1000', { metadata: { secret: 'of the first' } });
      const { id } = await imageService.create(context, { name: 'saved' });
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      const copy = newInstance({ metadata: { other: 'of the second' } });
      await driver.spawn(context, copy, newImageMeta(id, { os_command_line: 'env' }));
      const output = await lastWords(harness(), copy);
      await driver.destroy(context, copy, []);
      expect(output).toContain('other=of the second');
      expect(output).not.toContain('of the first');
    });
  });
}
