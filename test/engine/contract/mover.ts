import { afterEach } from '@jest/globals';
import type {
  ComputeDriver,
  Flavor,
  ImageMeta,
  Instance,
  Migration,
  NetworkInfo,
} from '../../../interfaces/index.js';
import { task_states } from '../../../interfaces/index.js';
import { newFlavor, newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';
import type { TwoHosts } from './two-hosts.js';

/** A flavor with more of everything than the one that instances start with. */
export const larger = newFlavor({ id: 2, name: 'm1.tiny', memory_mb: 96, vcpus: 2, root_gb: 2 });

/** Makes a tree with all that a file system can have, once, and tells at each start what the tree is like and what the limits are. */
export const treeScript = `
if [ ! -e /tree ]; then
  mkdir -p /tree/folder/deep; cd /tree
  echo text > file; chmod 640 file; busybox chown 12:34 file
  busybox ln file hard; busybox ln -s folder/deep soft; busybox ln /etc/group group
  busybox mknod device c 1 3; busybox mkfifo pipe
  echo x > 'with space and ü'; echo n > folder/deep/$(echo name | sed 's/name/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn/')
  chmod 1777 folder; chmod 4755 with*; busybox touch -d '2001-02-03 04:05:06' file
  dd if=/dev/zero of=big bs=1000 count=3000 2>/dev/null
  rm /etc/shadow; rm -r /var/gone; rm -r /var/anew; mkdir /var/anew; echo new > /var/anew/one; echo more >> /etc/passwd
  rm -r /var/replaced; echo text > /var/replaced; rm /var/volume/file; echo mine > /var/volume/mine; chmod 700 /var/volume/mine
fi
echo "begin $HOSTNAME"; cd /
find tree var etc/passwd etc/group etc/shadow bin/sh -exec busybox stat -c '%n %F %a %u %g %s %h %t:%T %Y' {} + 2>/dev/null | grep -v '^[a-z/]* directory' | sort
find tree var -type d ! -path var/volume -exec busybox stat -c '%n %a %u %g %Y' {} + | sort
find tree var etc/passwd -type f -exec busybox md5sum {} + 2>/dev/null | sort
readlink tree/soft; echo end
cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | sed 's/^/memory /'
echo done; trap 'exit 0' TERM; sleep 1000 & wait`;

/** Nova's record of a move. */
export const migration = (instance: Instance): Migration => ({
  uuid: '46bb2f14-d0ff-42e4-a87a-fa20a56cf9b3',
  instance_uuid: instance.uuid,
  source_compute: 'source',
  dest_compute: 'destination',
});

const quoted = (script: string): string => `'${script.replaceAll("'", `'"'"'`)}'`;

/**
 * What an instance printed at its last start.
 *
 * @param starts - how often it has been started in its container.
 */
export async function lastStart(
  harness: Harness,
  driver: ComputeDriver,
  instance: Instance,
  starts = 1,
): Promise<string> {
  const all = async (): Promise<string[]> =>
    (await driver.get_console_output(harness.context, instance)).split('begin');
  await eventually('it has told everything', async () => (await all())[starts]?.includes('done') === true);
  return (await all())[starts] ?? '';
}

/** The part of that which is about the tree. */
export const treeOf = (output: string): string => output.split('\nend')[0] ?? '';
/** The part of that which is about memory: bytes. */
export const memoryOf = (output: string): number => Number(/memory (\d+)/.exec(output)?.[1]);

/** What the compute managers of two hosts do with an instance that moves, in Nova's order. */
export interface Mover {
  /** The instance with another flavor, as Nova has it from `finish_migration` on. */
  readonly resized: (instance: Instance, flavor?: Flavor) => Instance;
  /** Spawns an instance on the source, with a command of its own or that of the image; it is gone after the test. */
  readonly start: (script?: string, options?: StartOptions) => Promise<StartedInstance & { output: string }>;
  /** Leaves a host, arrives at another one or the same. */
  readonly move: (
    from: ComputeDriver,
    to: ComputeDriver,
    dest: string,
    what: StartedInstance,
    options?: StartOptions,
  ) => Promise<Instance>;
  /** What Nova does where an instance had arrived, before it is taken back where it had left. */
  readonly destroyBeforeRevert: (
    from: ComputeDriver,
    to: ComputeDriver,
    instance: Instance,
    network_info?: NetworkInfo,
  ) => Promise<void>;
}

interface StartOptions {
  readonly flavor?: Flavor;
  readonly network_info?: NetworkInfo;
  readonly power_on?: boolean;
}

interface StartedInstance {
  readonly instance: Instance;
  readonly image: ImageMeta;
}

/** Acts as the compute managers of two hosts. */
export function moverBetween(hosts: () => TwoHosts): Mover {
  const resized = (instance: Instance, flavor: Flavor = larger): Instance => ({
    ...instance,
    old_flavor: instance.flavor,
    new_flavor: flavor,
    flavor,
  });
  const started: Instance[] = [];
  afterEach(async () => {
    const { source, destination } = hosts();
    for (const instance of started.splice(0))
      for (const { driver, context } of [destination, source]) await driver.destroy(context, instance, []);
  });
  /** Spawns an instance on the source, with a command of its own or that of the image. */
  const start = async (
    script?: string,
    { flavor = newFlavor(), network_info = [], power_on = true }: StartOptions = {},
  ): Promise<{ instance: Instance; image: ImageMeta; output: string }> => {
    const { source } = hosts();
    const instance = newInstance({ flavor });
    const properties = script === undefined ? {} : { os_command_line: `sh -c ${quoted(script)}` };
    const image = { ...(script === undefined ? source : hosts()).image, properties };
    started.push(instance);
    await source.driver.spawn(source.context, instance, image, { network_info, power_on });
    const output = script === undefined ? '' : await lastStart(source, source.driver, instance);
    return { instance, image, output };
  };
  /** Leaves the source, arrives at the destination. */
  const move = async (
    from: ComputeDriver,
    to: ComputeDriver,
    dest: string,
    { instance, image }: { instance: Instance; image: ImageMeta },
    { flavor = larger, network_info = [], power_on = true }: StartOptions = {},
  ): Promise<Instance> => {
    const { context } = hosts().source;
    const after = resized(instance, flavor);
    const how = { timeout: 10, retry_interval: 5 };
    const info = await from.migrate_disk_and_power_off(context, instance, dest, flavor, network_info, how);
    await to.finish_migration(context, migration(instance), after, info, network_info, image, {
      resize_instance: true,
      power_on,
    });
    return after;
  };

  /** What Nova does where an instance had arrived, before it is taken back where it had left. */
  const destroyBeforeRevert = async (
    from: ComputeDriver,
    to: ComputeDriver,
    instance: Instance,
    network_info: NetworkInfo = [],
  ): Promise<void> => {
    const { context } = hosts().source;
    const reverting = { ...instance, task_state: task_states.RESIZE_REVERTING };
    const data = await from.check_instance_shared_storage_local(context, reverting);
    const destroy_disks = !(await to.check_instance_shared_storage_remote(context, data));
    await from.destroy(context, reverting, network_info, { destroy_disks });
  };
  return { resized, start, move, destroyBeforeRevert };
}
