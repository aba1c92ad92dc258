import { describe, expect, it } from '@jest/globals';
import type { ComputeDriver, ImageMeta, Instance } from '../../../interfaces/index.js';
import { InstanceNotFound, power_state, reboot_type } from '../../../interfaces/index.js';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Makes a tree with all that a file system can have, once; tells at each start what the tree is like, wherever it is, and who it is that tells. */
const tree = (root: string): string => `
echo "begin $(hostname)"; cd ${root}/
find tree var etc/passwd etc/shadow -exec busybox stat -c '%n %F %a %u %g %h %t:%T %Y' {} + 2>/dev/null | sort
find tree etc/passwd -type f -exec busybox md5sum {} + | sort
readlink tree/soft; echo end`;

const makeTree = `
if [ ! -e /tree ]; then
  mkdir -p /tree/folder/deep; cd /tree
  echo text > file; busybox ln file hard; busybox ln -s folder/deep soft; busybox ln -s /etc/passwd absolute
  busybox chown 12:34 file; chmod 4755 file
  busybox mknod device c 1 3; busybox mkfifo pipe
  echo x > 'with space and ü'; echo x > "$(printf 'not\\377text')"; echo x > 'new
line'; echo x > '-rf'
  echo n > folder/deep/${'n'.repeat(120)}
  chmod 1777 folder; busybox touch -d '2001-02-03 04:05:06' folder/deep
  echo more >> /etc/passwd
fi`;

const stay = "echo done; trap 'exit 0' TERM; while :; do sleep 0.1; done";

/** Rescue and unrescue. The image of the harness is the rescue image, too, with a command of its own. */
export function rescueContract(harness: () => Harness): void {
  const state = async (instance: Instance): Promise<number> =>
    (await harness().driver.get_info(instance)).state;

  /** The rescue image, whose command does something and stays. */
  const rescueImage = (script = 'true'): ImageMeta => ({
    ...harness().image,
    properties: { os_command_line: `sh -c '${`${script}\n${stay}`.replaceAll("'", `'"'"'`)}'` },
  });

  /** What an instance printed at its last start. */
  const lastStart = async (driver: ComputeDriver, instance: Instance): Promise<string> => {
    const { context } = harness();
    const last = async (): Promise<string> =>
      (await driver.get_console_output(context, instance)).split('begin').at(-1) ?? '';
    await eventually('it has told everything', async () => (await last()).includes('done'));
    return (await last()).split('\nend')[0] ?? '';
  };

  describe('rescue', () => {
    it('lets the rescue image be the instance, with all files of the instance below /rescued', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(`${makeTree}\n${tree('')}\n${stay}`, { hostname: 'patient' });
      const before = await lastStart(driver, instance);
      await driver.rescue(context, instance, [], rescueImage(tree('/rescued')));
      expect(await state(instance)).toBe(power_state.RUNNING);
      expect(await lastStart(driver, instance)).toBe(before);
      expect(before).toContain('patient');
      expect(before).toContain('with space and ü');
      const uuids = await driver.list_instance_uuids();
      expect(uuids.filter((uuid) => uuid === instance.uuid)).toHaveLength(1);
    });

    it('does not know an instance that is not there', async () => {
      const { driver, context } = harness();
      const nobody = newInstance();
      await expect(driver.rescue(context, nobody, [], rescueImage())).rejects.toBeInstanceOf(
        InstanceNotFound,
      );
      await expect(driver.unrescue(context, nobody)).rejects.toBeInstanceOf(InstanceNotFound);
    });

    it('leaves the instance running as it was when the rescue image cannot be had', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot();
      const before = await driver.get_info(instance);
      const nowhere = newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
      await expect(driver.rescue(context, instance, [], nowhere)).rejects.toMatchObject({
        name: 'ImageNotFound',
      });
      expect(await driver.get_info(instance)).toEqual(before);
    });
  });

  describe('unrescue', () => {
    it('brings the instance back with what was changed below /rescued', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(
        `${makeTree}\necho begin; cat /tree/file /new; ls /tree\necho end\n${stay}`,
      );
      await driver.rescue(
        context,
        instance,
        [],
        rescueImage(
          'echo begin; echo changed > /rescued/tree/file; echo new > /rescued/new; rm -r /rescued/tree/folder; echo end',
        ),
      );
      await lastStart(driver, instance);
      await driver.unrescue(context, instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
      const after = await lastStart(driver, instance);
      expect(after).toContain('changed\nnew\n');
      expect(after).not.toContain('folder');
    });

    it('starts an instance that is not rescued', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot();
      await driver.power_off(instance);
      await driver.unrescue(context, instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });
  });
  void reboot_type;
  void TestNetwork;
}
