import { describe, expect, it } from '@jest/globals';
import type { ComputeDriver } from '../../../interfaces/index.js';
import { power_state, task_states } from '../../../interfaces/index.js';
import { newFlavor } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { larger, lastStart, memoryOf, migration, moverBetween, treeOf, treeScript } from './mover.js';
import type { TwoHosts } from './two-hosts.js';

/** Resize on the same host, in the order in which Nova's compute manager calls the verbs. */
export function resizeContract(hosts: () => TwoHosts): void {
  const { resized, start, move, destroyBeforeRevert } = moverBetween(hosts);

  describe('a resize on the same host', () => {
    const setUp = (): { harness: Harness; driver: ComputeDriver; dest: string } => {
      const { source, addresses } = hosts();
      return { harness: source, driver: source.driver, dest: addresses.source };
    };

    it('applies the new limits and keeps the files, also after it is confirmed', async () => {
      const { harness, driver, dest } = setUp();
      const { instance, image, output } = await start(treeScript);
      const after = await move(driver, driver, dest, { instance, image });
      const now = await lastStart(harness, driver, after, 2);
      expect(treeOf(now)).toBe(treeOf(output));
      expect(memoryOf(now)).toBe(96 * 1024 ** 2);
      await driver.confirm_migration(harness.context, migration(instance), after, []);
      await driver.confirm_migration(harness.context, migration(instance), after, []);
      expect(await driver.get_info(after)).toMatchObject({
        state: power_state.RUNNING,
        num_cpu: larger.vcpus,
      });
      await expect(driver.list_instance_uuids()).resolves.toContain(instance.uuid);
    });

    it("is reverted in Nova's order: shared storage check, destroy, finish_revert_migration", async () => {
      const { harness, driver, dest } = setUp();
      const { instance, image, output } = await start(treeScript);
      const after = await move(driver, driver, dest, { instance, image });
      await destroyBeforeRevert(driver, driver, after);
      await driver.finish_revert_migration(harness.context, instance, [], migration(instance));
      const again = await lastStart(harness, driver, instance, 3);
      expect(treeOf(again)).toBe(treeOf(output));
      expect(memoryOf(again)).toBe(64 * 1024 ** 2);
      expect(await driver.get_info(instance)).toMatchObject({ state: power_state.RUNNING, num_cpu: 1 });
    });

    it('is reverted also after a destroy with destroy_disks', async () => {
      const { harness, driver, dest } = setUp();
      const { instance, image, output } = await start(treeScript);
      const after = await move(driver, driver, dest, { instance, image });
      const reverting = { ...after, task_state: task_states.RESIZE_REVERTING };
      await driver.destroy(harness.context, reverting, [], { destroy_disks: true });
      await driver.finish_revert_migration(harness.context, instance, [], migration(instance));
      const again = await lastStart(harness, driver, instance, 3);
      expect(treeOf(again)).toBe(treeOf(output));
      expect(memoryOf(again)).toBe(64 * 1024 ** 2);
    });

    it('leaves an instance off that was powered off', async () => {
      const { harness, driver, dest } = setUp();
      const { instance, image } = await start(undefined, { power_on: false });
      const after = await move(driver, driver, dest, { instance, image }, { power_on: false });
      expect((await driver.get_info(after)).state).toBe(power_state.SHUTDOWN);
      await driver.finish_revert_migration(harness.context, instance, [], migration(instance), {
        power_on: false,
      });
      expect((await driver.get_info(instance)).state).toBe(power_state.SHUTDOWN);
    });

    it('can change settings that need a new container, such as pinned CPUs, and be reverted', async () => {
      const { harness, driver, dest } = setUp();
      const { instance, image, output } = await start(treeScript);
      const pinned = newFlavor({ ...larger, extra_specs: { 'hw:cpu_policy': 'dedicated' } });
      const numa_topology = { cells: [{ cpu_pinning: { '0': 0 } }] };
      const { context } = harness;
      const info = await driver.migrate_disk_and_power_off(context, instance, dest, pinned, []);
      const after = { ...resized(instance, pinned), numa_topology };
      await driver.finish_migration(context, migration(instance), after, info, [], image);
      expect(treeOf(await lastStart(harness, driver, after))).toBe(treeOf(output));
      await destroyBeforeRevert(driver, driver, after);
      await driver.finish_revert_migration(context, instance, [], migration(instance));
      expect(memoryOf(await lastStart(harness, driver, instance, 2))).toBe(64 * 1024 ** 2);
    });

    it('survives a restart of the driver before each verb, and each verb is idempotent', async () => {
      const { harness, dest } = setUp();
      const { context, restart } = harness;
      const { instance, image } = await start();
      const after = resized(instance);
      const twice = async <T>(verb: (driver: ComputeDriver) => Promise<T>): Promise<T> => {
        await verb(await restart());
        return await verb(await restart());
      };
      const info = await twice((driver) =>
        driver.migrate_disk_and_power_off(context, instance, dest, larger, []),
      );
      await twice((driver) => driver.finish_migration(context, migration(instance), after, info, [], image));
      await twice((driver) => driver.finish_revert_migration(context, instance, [], migration(instance)));
      expect((await harness.driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });
  });
}
