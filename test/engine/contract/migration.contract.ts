import { describe, expect, it } from '@jest/globals';
import type { ComputeDriver } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import { newFlavor, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { larger, lastStart, memoryOf, migration, moverBetween, treeOf, treeScript } from './mover.js';
import type { TwoHosts } from './two-hosts.js';

/** Cold migration, with the verbs in the order of Nova's compute managers. */
export function migrationContract(hosts: () => TwoHosts): void {
  const { resized, start, move, destroyBeforeRevert } = moverBetween(hosts);

  describe('a migration to another host', () => {
    it('transfers all files with their attributes, and a confirmation removes the source', async () => {
      const { source, destination, addresses } = hosts();
      const { instance, image, output } = await start(treeScript);
      const after = await move(source.driver, destination.driver, addresses.destination, { instance, image });
      const there = await lastStart(destination, destination.driver, after);
      expect(treeOf(there)).toBe(treeOf(output));
      expect(memoryOf(there)).toBe(96 * 1024 ** 2);
      await expect(source.driver.list_instance_uuids()).resolves.not.toContain(instance.uuid);
      await expect(destination.driver.list_instance_uuids()).resolves.toContain(instance.uuid);

      await source.driver.confirm_migration(source.context, migration(instance), after, []);
      await source.driver.confirm_migration(source.context, migration(instance), after, []);
      expect((await destination.driver.get_info(after)).state).toBe(power_state.RUNNING);
      await expect(
        source.driver.finish_revert_migration(source.context, instance, [], migration(instance)),
      ).rejects.toMatchObject({ name: 'InstanceNotFound' });

      // A migrated instance can be migrated again.
      await move(destination.driver, source.driver, addresses.source, { instance: after, image });
      expect(treeOf(await lastStart(source, source.driver, after))).toBe(treeOf(there));
      await destination.driver.confirm_migration(source.context, migration(instance), after, []);
    });

    it('is reverted to the files and addresses that the instance had on the source', async () => {
      const { source, destination, addresses } = hosts();
      const { context } = source;
      const network = new TestNetwork();
      const network_info = network.port(9);
      const { instance, image, output } = await start(
        `echo "begin"; ls /mark* 2>/dev/null; busybox touch /mark$(cat /sys/class/net/eth0/address | sed s/:/-/g)$(ls / | grep -c mark); ip addr show eth0 | grep -E 'inet |ether'; echo done; trap 'exit 0' TERM; sleep 1000 & wait`,
        { network_info },
      );
      expect(output).toContain(network.address(9));
      const after = await move(
        source.driver,
        destination.driver,
        addresses.destination,
        { instance, image },
        {
          network_info,
        },
      );
      expect(await lastStart(destination, destination.driver, after)).toContain('mark');

      await destroyBeforeRevert(destination.driver, source.driver, after, network_info);
      await source.driver.finish_revert_migration(context, instance, network_info, migration(instance));
      const again = await lastStart(source, source.driver, instance, 2);
      expect(again.match(/\/mark/g)).toHaveLength(1);
      expect(again).toContain(network.address(9));
      expect(again).toContain('fa:16:3e:00:00:09');
      await expect(destination.driver.list_instance_uuids()).resolves.not.toContain(instance.uuid);
      await source.driver.destroy(context, instance, network_info);
    });

    it('leaves an instance off that was powered off', async () => {
      const { source, destination, addresses } = hosts();
      const { instance, image } = await start(undefined, { power_on: false });
      const after = await move(
        source.driver,
        destination.driver,
        addresses.destination,
        { instance, image },
        {
          power_on: false,
        },
      );
      expect((await destination.driver.get_info(after)).state).toBe(power_state.SHUTDOWN);
      await source.driver.confirm_migration(source.context, migration(instance), after, []);
    });

    it('survives a restart of the drivers before each verb, and each verb is idempotent', async () => {
      const { source, destination, addresses } = hosts();
      const { context } = source;
      const { instance, image } = await start();
      const after = resized(instance);
      const twice = async <T>(harness: Harness, verb: (driver: ComputeDriver) => Promise<T>): Promise<T> => {
        await verb(await harness.restart());
        return await verb(await harness.restart());
      };
      const info = await twice(source, (driver) =>
        driver.migrate_disk_and_power_off(context, instance, addresses.destination, larger, []),
      );
      await twice(destination, (driver) =>
        driver.finish_migration(context, migration(instance), after, info, [], image),
      );
      expect((await destination.driver.get_info(after)).state).toBe(power_state.RUNNING);
      await twice(destination, (driver) => driver.destroy(context, after, []));
      await twice(source, (driver) =>
        driver.finish_revert_migration(context, instance, [], migration(instance)),
      );
      expect((await source.driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });

    it('is reverted when it was interrupted before the transfer', async () => {
      const { source } = hosts();
      const { instance } = await start();
      await source.driver.power_off(instance);
      await source.driver.finish_revert_migration(source.context, instance, [], migration(instance));
      expect((await source.driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });

    it('is refused before any change when the driver has no engine for the destination', async () => {
      const { source, startUnconnected, addresses } = hosts();
      const { instance } = await start();
      const before = await source.driver.get_info(instance);
      const unconnected = await startUnconnected();
      await expect(
        unconnected.migrate_disk_and_power_off(source.context, instance, addresses.destination, larger, []),
      ).rejects.toMatchObject({
        name: 'InstanceFaultRollback',
        inner_exception: {
          name: 'MigrationPreCheckError',
          message: expect.stringContaining('migrationEngine'),
        },
      });
      await unconnected.cleanup_host(source.host);
      expect(await source.driver.get_info(instance)).toEqual(before);
    });

    it('is refused when the files of the instance exceed the root_gb of the new flavor', async () => {
      const { source, addresses } = hosts();
      const { instance } = await start(
        'echo begin; dd if=/dev/zero of=/big bs=1M count=1 seek=1100 2>/dev/null; echo done; sleep 1000',
        { flavor: newFlavor({ root_gb: 3 }) },
      );
      const smaller = newFlavor({ root_gb: 1 });
      const moving = source.driver.migrate_disk_and_power_off(
        source.context,
        instance,
        addresses.source,
        smaller,
        [],
      );
      await expect(moving).rejects.toMatchObject({
        name: 'InstanceFaultRollback',
        inner_exception: { name: 'ResizeError' },
      });
      expect((await source.driver.get_info(instance)).state).toBe(power_state.RUNNING);
    });

    it('refuses the disk_info of another driver', async () => {
      const { destination, source } = hosts();
      const { instance } = await start();
      await expect(
        destination.driver.finish_migration(
          source.context,
          migration(instance),
          resized(instance),
          '[{"path":"/disk"}]',
          [],
          source.image,
        ),
      ).rejects.toMatchObject({ name: 'InvalidInput' });
    });
  });
}
