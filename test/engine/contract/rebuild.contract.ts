import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { BlockDeviceMapping, ImageMeta, Instance } from '../../../interfaces/index.js';
import { power_state } from '../../../interfaces/index.js';
import { newImageMeta, newInstance, TestNetwork } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';
import { eventually } from './harness.js';

/** Keeps a shell running until SIGTERM. */
const stay = 'echo done; trap "exit 0" TERM; sleep 1000 & wait';

/** Rebuild and evacuate, with the calls of Nova's compute manager. */
export function rebuildContract(harness: () => Harness): void {
  const state = async (instance: Instance): Promise<number> =>
    (await harness().driver.get_info(instance)).state;
  const running = (script: string): ImageMeta => ({
    ...harness().image,
    properties: {
      os_command_line: `sh -c '${`${script}\n${stay}`.replaceAll("'", `'"'"'`)}'`,
    },
  });
  const console = async (instance: Instance): Promise<string> => {
    const { driver, context } = harness();
    const output = (): Promise<string> => driver.get_console_output(context, instance);
    await eventually('the output is complete', async () => (await output()).includes('done'));
    return await output();
  };

  describe('rebuild', () => {
    it('replaces the file system, keeps host name and address, and starts the instance', async () => {
      const { driver, run, context } = harness();
      const network = new TestNetwork();
      const network_info = network.port(11);
      const { instance } = await run(`touch /old; ${stay}`, { hostname: 'phoenix' }, { network_info });
      const before = await driver.get_info(instance);
      await driver.rebuild(
        context,
        instance,
        running('ls /old 2>&1; cat /etc/motd; hostname; ip addr show eth0; grep ^root: /etc/shadow'),
        { network_info, injected_files: [['/etc/motd', 'welcome\n']], admin_password: 'secret' },
      );
      const after = await driver.get_info(instance);
      expect(after.state).toBe(power_state.RUNNING);
      expect(after.internal_id).not.toBe(before.internal_id);
      const output = await console(instance);
      expect(output).toContain('No such file');
      expect(output).toContain('welcome\nphoenix');
      expect(output).toContain(network.address(11));
      expect(output).toMatch(/^root:\$6\$/m);
      const uuids = await driver.list_instance_uuids();
      expect(uuids.filter((uuid) => uuid === instance.uuid)).toHaveLength(1);
      await driver.destroy(context, instance, network_info);
    });

    it('keeps the interfaces when network_info is null', async () => {
      const { driver, run, context } = harness();
      const network = new TestNetwork();
      const network_info = network.port(12);
      const { instance } = await run(stay, {}, { network_info });
      await driver.rebuild(context, instance, running('ip addr show eth0'), { network_info: null });
      expect(await console(instance)).toContain(network.address(12));
      await driver.destroy(context, instance, network_info);
    });

    it.each([
      ['the image is missing', 'ImageNotFound', () => newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d')],
      [
        'the image has no runnable command',
        'ImageUnacceptable',
        () => ({ ...harness().image, properties: { os_command_line: '/no/such/command' } }),
      ],
      ['the image is too large', 'FlavorMemoryTooSmall', () => ({ ...harness().image, min_ram: 4096 })],
    ])('leaves the instance running, with its files, when %s', async (_why, name, image) => {
      const { driver, run, context } = harness();
      const { instance } = await run(`ls /old 2>/dev/null; touch /old; ${stay}`);
      await expect(driver.rebuild(context, instance, image())).rejects.toMatchObject({ name });
      expect(await state(instance)).toBe(power_state.RUNNING);
      await driver.reboot(context, instance, [], 'HARD');
      await eventually('the instance finds its file', async () =>
        (await driver.get_console_output(context, instance)).includes('done\n/old'),
      );
    });

    it('leaves an instance powered off when the image has no runnable command', async () => {
      const { driver, standing, context, image } = harness();
      const instance = await standing();
      await driver.power_off(instance);
      const broken = { ...image, properties: { os_command_line: '/no/such/command' } };
      await expect(driver.rebuild(context, instance, broken)).rejects.toMatchObject({
        name: 'ImageUnacceptable',
      });
      expect(await state(instance)).toBe(power_state.SHUTDOWN);
    });

    it('starts an instance that was powered off, and ends a rescue', async () => {
      const { driver, boot, context, image } = harness();
      const [off, rescued] = await Promise.all([boot(), boot()]);
      await driver.power_off(off);
      await driver.rescue(context, rescued, [], image);
      for (const instance of [off, rescued]) {
        await driver.rebuild(context, instance, running('echo rebuilt'));
        expect(await console(instance)).toContain('rebuilt');
      }
      const { internal_id } = await driver.get_info(rescued);
      await driver.unrescue(context, rescued);
      expect((await driver.get_info(rescued)).internal_id).toBe(internal_id);
    });

    it('spawns an instance that another host lost, for an evacuation', async () => {
      const { driver, context } = harness();
      const instance = newInstance();
      await driver.rebuild(context, instance, running('echo arrived'), { evacuate: true });
      expect(await console(instance)).toContain('arrived');
      await driver.destroy(context, instance, []);
    });

    const volume = ({ uuid }: Instance): BlockDeviceMapping => ({
      uuid: randomUUID(),
      instance_uuid: uuid,
      source_type: 'volume',
      destination_type: 'volume',
      device_name: '/dev/vdb',
    });

    it("detaches and attaches volumes in Nova's order, and allows other verbs in the callbacks", async () => {
      const { driver, boot, context, image } = harness();
      const instance = await boot();
      const calls: string[] = [];
      await driver.rebuild(context, instance, image, {
        bdms: [volume(instance)],
        detach_block_devices: async (_context, given) => {
          calls.push(`detach ${given.length} ${await state(instance)}`);
          await driver.power_off(instance, { timeout: 5 });
        },
        attach_block_devices: (_context, { uuid }, given) => {
          calls.push(`attach ${given.length} ${uuid}`);
          return Promise.resolve({});
        },
      });
      expect(calls).toEqual([`detach 1 ${power_state.SHUTDOWN}`, `attach 1 ${instance.uuid}`]);
      expect(await state(instance)).toBe(power_state.RUNNING);
    });

    it.each([
      ['is missing', 'ImageNotFound', () => newImageMeta('7d0a3d8e-5f5e-4c1f-9d7e-2f6f6a1b0c9d')],
      ['is too large', 'FlavorMemoryTooSmall', () => ({ ...harness().image, min_ram: 4096 })],
    ])('leaves the volumes and the instance alone when the image %s', async (_why, name, image) => {
      const { driver, standing, context } = harness();
      const instance = await standing();
      const before = await driver.get_info(instance);
      const calls: string[] = [];
      const rebuilding = driver.rebuild(context, instance, image(), {
        bdms: [volume(instance)],
        detach_block_devices: () => Promise.resolve(void calls.push('detach')),
        attach_block_devices: () => {
          calls.push('attach');
          return Promise.resolve({});
        },
      });
      await expect(rebuilding).rejects.toMatchObject({ name });
      expect(calls).toEqual([]);
      expect(await driver.get_info(instance)).toEqual(before);
    });

    it('rejects preserve_ephemeral and reimage_boot_volume with NotImplementedError', async () => {
      const { driver, standing, context, image } = harness();
      const instance = await standing();
      for (const wish of [{ preserve_ephemeral: true }, { reimage_boot_volume: true }])
        await expect(driver.rebuild(context, instance, image, wish)).rejects.toMatchObject({
          name: 'NotImplementedError',
        });
      expect(await state(instance)).toBe(power_state.RUNNING);
    });
  });
}
