import { describe, expect, it } from '@jest/globals';
import type { ComputeDriver, ImageMeta, Instance } from '../../../interfaces/index.js';
import { InstanceNotFound, power_state, reboot_type } from '../../../interfaces/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually, lastWords } from './harness.js';

/** Prints the host name and a listing of the tree below `root`, at each start. */
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

const stay = "echo done; trap 'exit 0' TERM; sleep 1000 & wait";

/** Rescue and unrescue. The rescue image is the image of the harness with another command. */
export function rescueContract(harness: () => Harness): void {
  const state = async (instance: Instance): Promise<number> =>
    (await harness().driver.get_info(instance)).state;

  /** The rescue image with a command that runs a script and then waits for SIGTERM. */
  const rescueImage = (script = 'true'): ImageMeta => ({
    ...harness().image,
    properties: { os_command_line: `sh -c '${`${script}\n${stay}`.replaceAll("'", `'"'"'`)}'` },
  });

  /** The output of an instance since its last start. */
  const lastStart = async (driver: ComputeDriver, instance: Instance): Promise<string> => {
    const { context } = harness();
    let last = '';
    await eventually('the output is complete', async () => {
      last = (await driver.get_console_output(context, instance)).split('begin').at(-1) ?? '';
      return last.includes('done');
    });
    return last.split('\nend')[0] ?? '';
  };

  describe('rescue', () => {
    it('boots the rescue image as the instance, with the files of the instance in /rescued', async () => {
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

    it("gives the rescue image the instance's address, and sets only its own root password", async () => {
      const { driver, run, context } = harness();
      const network = new TestNetwork();
      const network_info = network.port(9, 'fa:16:3e:00:aa:09');
      const tell = 'ip addr show eth0; grep ^root: /etc/shadow';
      const { instance } = await run(`echo begin; ${tell}; echo end\n${stay}`, {}, { network_info });
      const before = await lastStart(driver, instance);
      await driver.rescue(
        context,
        instance,
        network_info,
        rescueImage(`echo begin; ${tell}; grep ^root: /rescued/etc/shadow | sed s/^/rescued-/; echo end`),
        { rescue_password: 'secret' },
      );
      const during = await lastStart(driver, instance);
      for (const output of [before, during]) {
        expect(output).toContain(network.address(9));
        expect(output).toContain('fa:16:3e:00:aa:09');
      }
      expect(during).toMatch(/^root:\$6\$/m);
      expect(during).toMatch(/^rescued-root:\*/m);
      await driver.unrescue(context, instance);
      expect(addressLines(await lastStart(driver, instance))).toEqual(addressLines(before));
      await driver.destroy(context, instance, network_info);
    });

    it("keeps the instance's interfaces during and after the rescue when network_info is null", async () => {
      const { driver, run, context } = harness();
      const network = new TestNetwork();
      const tell = 'echo begin; ip addr show eth0; echo end';
      const network_info = network.port(9, 'fa:16:3e:00:aa:09');
      const { instance } = await run(`${tell}\n${stay}`, {}, { network_info });
      const before = addressLines(await lastStart(driver, instance));
      await driver.rescue(context, instance, null, rescueImage(tell));
      expect(addressLines(await lastStart(driver, instance))).toEqual(before);
      await driver.unrescue(context, instance);
      expect(addressLines(await lastStart(driver, instance))).toEqual(before);
      // unrescue of an instance that is not rescued.
      await driver.power_off(instance);
      await driver.unrescue(context, instance);
      expect(addressLines(await lastStart(driver, instance))[1]).toEqual(before[1]);
      expect(before.join()).toContain(network.address(9));
      await driver.destroy(context, instance, network_info);
    });

    it('is idempotent', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(`echo begin; ls /seen; echo end\n${stay}`);
      await driver.rescue(context, instance, [], rescueImage('touch /rescued/seen'));
      const during = await driver.get_info(instance);
      await driver.rescue(context, instance, [], rescueImage('touch /rescued/seen'));
      expect(await driver.get_info(instance)).toEqual(during);
      await driver.unrescue(context, instance);
      expect(await lastStart(driver, instance)).toContain('/seen');
    });

    it('leaves the instance running when the rescue image has no runnable command', async () => {
      const { driver, run, image, context } = harness();
      const { instance } = await run(`touch /kept; echo begin; ls /kept; echo end\n${stay}`);
      const broken = { ...image, properties: { os_command_line: '/no/such/command' } };
      await expect(driver.rescue(context, instance, [], broken)).rejects.toMatchObject({
        name: 'ImageUnacceptable',
      });
      expect(await state(instance)).toBe(power_state.RUNNING);
      expect(await lastStart(driver, instance)).toContain('/kept');
    });

    it('leaves the instance powered off when its signal aborts', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      const impatience = new AbortController();
      const reason = new Error('enough');
      const rescuing = driver.rescue(context, instance, [], rescueImage(), {
        signal: impatience.signal,
        onProgress: ({ phase }) => {
          if (phase === 'transferring') impatience.abort(reason);
        },
      });
      await expect(rescuing).rejects.toBe(reason);
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await driver.power_on(context, instance, []);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('refuses a rescue image that contains /rescued', async () => {
      const { driver, standing, context, imageService } = harness();
      const instance = await standing();
      const { id } = await imageService.create(
        context,
        { name: 'in the way', container_format: 'docker', disk_format: 'raw' },
        await busyboxImage({
          command: ['sleep', '1000'],
          layers: [[{ path: 'rescued/mine', content: 'x' }]],
        }),
      );
      await expect(driver.rescue(context, instance, [], newImageMeta(id))).rejects.toMatchObject({
        name: 'InstanceNotRescuable',
      });
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it('directs the power verbs to the rescue container', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(`touch /own; echo begin; ls /own; echo end\n${stay}`);
      await driver.rescue(context, instance, [], rescueImage('echo begin rescue; echo end'));
      await driver.power_off(instance);
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
      await driver.power_on(context, instance, []);
      await driver.reboot(context, instance, [], reboot_type.HARD);
      await driver.pause(instance);
      await driver.unpause(instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
      expect(await lastStart(driver, instance)).toContain('rescue');
      await driver.power_off(instance);
      await driver.unrescue(context, instance);
      expect(await lastStart(driver, instance)).toContain('/own');
    });

    it('is removed by a destroy of the instance', async () => {
      const { driver, boot, context } = harness();
      const instance = await boot();
      await driver.rescue(context, instance, [], rescueImage());
      await driver.destroy(context, instance, []);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
      await expect(driver.instance_on_disk(instance)).resolves.toBe(false);
    });

    it('rejects with InstanceNotFound for an unknown instance', async () => {
      const { driver, context } = harness();
      const nobody = newInstance();
      await expect(driver.rescue(context, nobody, [], rescueImage())).rejects.toBeInstanceOf(
        InstanceNotFound,
      );
      await expect(driver.unrescue(context, nobody)).rejects.toBeInstanceOf(InstanceNotFound);
    });

    it('leaves the instance running when the rescue image is missing', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      const before = await driver.get_info(instance);
      const nowhere = newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d');
      await expect(driver.rescue(context, instance, [], nowhere)).rejects.toMatchObject({
        name: 'ImageNotFound',
      });
      expect(await driver.get_info(instance)).toEqual(before);
    });
  });

  describe('unrescue', () => {
    it('starts the instance with the changes that were made in /rescued', async () => {
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

    it('succeeds with a driver that was started after the rescue, and is idempotent', async () => {
      const { driver, restart, run, context } = harness();
      const { instance } = await run(`echo begin; cat /new; echo end\n${stay}`);
      await driver.rescue(context, instance, [], rescueImage('echo new > /rescued/new'));
      const next = await restart();
      expect((await next.get_info(instance)).state).toBe(power_state.RUNNING);
      await next.unrescue(context, instance);
      await (await restart()).unrescue(context, instance);
      expect(await lastStart(driver, instance)).toContain('new');
    });

    it('keeps command, metadata, key and limits of the instance', async () => {
      const { driver, run, context } = harness();
      const tell =
        'echo "$metadatum"; cat /root/.ssh/authorized_keys; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null';
      const { instance } = await run(`echo begin; ${tell}; echo end\n${stay}`, {
        metadata: { metadatum: 'told once' },
        key_data: 'ssh-ed25519 AAAA me',
      });
      const before = await lastStart(driver, instance);
      expect(before).toContain('told once\nssh-ed25519 AAAA me\n67108864');
      await driver.rescue(context, instance, [], rescueImage());
      await driver.unrescue(context, instance);
      expect(await lastStart(driver, instance)).toBe(before);
    });

    it('restores the same files after two rescues without a change', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(`${makeTree}\n${tree('')}\n${stay}`);
      const before = await lastStart(driver, instance);
      for (let times = 0; times < 2; times += 1) {
        await driver.rescue(context, instance, [], rescueImage());
        await driver.unrescue(context, instance);
        expect(await lastStart(driver, instance)).toBe(before);
      }
    });

    it('restores the old files when /rescued was removed', async () => {
      const { driver, run, context } = harness();
      const { instance } = await run(`touch /own; echo begin; ls /own; echo end\n${stay}`);
      await driver.rescue(context, instance, [], rescueImage('rm -r /rescued; echo begin; echo end'));
      await lastStart(driver, instance);
      await driver.unrescue(context, instance);
      expect(await lastStart(driver, instance)).toContain('/own');
    });

    it('leaves an instance that can be snapshotted', async () => {
      const { driver, run, context, imageService } = harness();
      const { instance } = await run(`true\n${stay}`, { metadata: { metadatum: 'told once' } });
      await driver.rescue(
        context,
        instance,
        [],
        rescueImage('echo begin; echo precious > /rescued/saved; echo end'),
      );
      await lastStart(driver, instance);
      await driver.unrescue(context, instance);
      const { id } = await imageService.create(context, { name: 'saved' });
      await driver.snapshot(context, instance, id, () => Promise.resolve());
      const copy = newInstance();
      const script = "sh -c 'cat /saved; echo $PATH; echo [$metadatum]'";
      await driver.spawn(context, copy, newImageMeta(id, { os_command_line: script }));
      const output = await lastWords(harness(), copy);
      await driver.destroy(context, copy, []);
      expect(output).toMatch(/^precious\n\/.*\n\[\]\n$/);
    });

    it('starts an instance that is not rescued', async () => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      await driver.unrescue(context, instance);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });
  });
}

const addressLines = (output: string): string[] =>
  output.split('\n').flatMap((line) => /(?:link\/ether|inet) \S+/.exec(line)?.[0] ?? []);
