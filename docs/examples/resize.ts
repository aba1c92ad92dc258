/**
 * Resizes an instance on its own host, reverts that, resizes it again and confirms. The verbs are called in the order in which Nova's
 * compute manager calls them. The engine is that of DOCKER_HOST. In a program of your own, import from 'nova-docker-driver'.
 *
 * A move to another host is the same, with the other host's address as `dest` and `finish_migration` called on the other host's driver.
 * The driver of the first host then needs the option `migrationEngine`.
 */
import { randomUUID } from 'node:crypto';
import type { Instance } from '../../lib/index.js';
import { task_states } from '../../lib/index.js';
import { withExampleHost } from './example-host.js';

await withExampleHost({}, async ({ context, driver, boot, imageThatRuns, untilPrinted }) => {
  const image = imageThatRuns('cat /kept; echo "a file from before" > /kept; exec sleep 1000');
  const instance = await boot('worker', image);
  const larger = { name: 'm1.small', memory_mb: 128, vcpus: 2, root_gb: 1 };
  const resized: Instance = { ...instance, flavor: larger, old_flavor: instance.flavor, new_flavor: larger };
  const migration = {
    uuid: randomUUID(),
    instance_uuid: instance.uuid,
    source_compute: 'node-1',
    dest_compute: 'node-1',
  };
  const tell = async (what: string): Promise<void> => {
    const { max_mem_kb, num_cpu } = await driver.get_info(instance);
    console.log(`${what}: ${max_mem_kb / 1024} MiB, ${num_cpu} CPUs`);
  };

  /** Stops the instance and starts it with the larger flavor. */
  const resize = async (): Promise<void> => {
    // The address of this very host as the destination means: resize in place.
    const dest = await driver.get_host_ip_addr();
    const disk_info = await driver.migrate_disk_and_power_off(context, instance, dest, larger, [], {
      timeout: 1, // seconds to end by itself
    });
    await driver.finish_migration(context, migration, resized, disk_info, [], image, {
      resize_instance: true,
    });
  };

  await tell('booted');
  await resize();
  await untilPrinted(resized, 'a file from before');
  await tell('resized');

  // The user does not like it. Nova removes what the destination has, as far as the two hosts do not share it, and reverts.
  const reverting = { ...resized, task_state: task_states.RESIZE_REVERTING };
  const shared = await driver.check_instance_shared_storage_local(context, reverting);
  const destroy_disks = !(await driver.check_instance_shared_storage_remote(context, shared));
  await driver.destroy(context, reverting, [], { destroy_disks });
  await driver.finish_revert_migration(context, instance, [], migration);
  await tell('reverted');

  // The user tries again and confirms: what was kept for a revert is removed.
  await resize();
  await driver.confirm_migration(context, migration, resized, []);
  await tell('confirmed');
});
