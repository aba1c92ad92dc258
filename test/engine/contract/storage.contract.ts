import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { BlockDeviceInfo, ConnectionInfo, Instance } from '../../../interfaces/index.js';
import { task_states } from '../../../interfaces/index.js';
import { newFlavor, newImageMeta, newInstance } from '../../support/nova-objects.js';
import type { Harness } from './harness.js';

/** What the storage contract needs in addition to the driver. */
export interface StorageHarness extends Harness {
  /** Creates an empty volume that instances may use. @returns its connection info, as Cinder has it. */
  readonly newVolume: () => Promise<ConnectionInfo>;
}

const diskInfo = z.array(z.object({ virt_disk_size: z.int(), disk_size: z.int() }));

const withVolume = (connection_info: ConnectionInfo, mount_device = '/dev/vdb'): BlockDeviceInfo => ({
  root_device_name: '/dev/vda',
  ephemerals: [],
  swap: null,
  block_device_mapping: [{ connection_info, mount_device, boot_index: null }],
});

/** Disks at spawn, volumes afterwards, and the files that an instance leaves. */
export function storageContract(harness: () => StorageHarness): void {
  describe('the disks of a spawn', () => {
    it('keep the data of a volume for the next instance', async () => {
      const { driver, context, run, newVolume } = harness();
      const block_device_info = withVolume(await newVolume());
      const write = 'echo precious > /mnt/vdb/file && echo done; exec sleep 1000';
      const { instance } = await run(write, {}, { block_device_info });
      await driver.destroy(context, instance, [], { block_device_info });
      const { output } = await run(
        'cat /mnt/vdb/file; echo done; exec sleep 1000',
        {},
        { block_device_info },
      );
      expect(output).toBe('precious\ndone\n');
    });

    it('are read-only when the volume is', async () => {
      const { run, newVolume } = harness();
      const { driver_volume_type, data } = await newVolume();
      const volume = { driver_volume_type, data: { ...data, access_mode: 'ro' } };
      const { output } = await run(
        'touch /mnt/vdb/file 2>&1; echo done; exec sleep 1000',
        {},
        { block_device_info: withVolume(volume) },
      );
      expect(output).toMatch(/read-only file system/i);
    });

    it('are separate and empty for each ephemeral disk', async () => {
      const { run } = harness();
      const block_device_info = {
        ephemerals: [
          { size: 1, device_name: '/dev/vdb' },
          { size: 1, device_name: '/dev/vdc' },
        ],
        swap: { swap_size: 64, device_name: '/dev/vdd' },
        block_device_mapping: [],
      };
      const { output } = await run(
        'ls /mnt/vdb /mnt/vdc; touch /mnt/vdb/file && ls /mnt/vdc; echo done; exec sleep 1000',
        { flavor: newFlavor({ ephemeral_gb: 2, swap: 64 }) },
        { block_device_info },
      );
      expect(output).toBe('/mnt/vdb:\n\n/mnt/vdc:\ndone\n');
    });

    const volume = (driver_volume_type: string, data: Record<string, unknown>): ConnectionInfo => ({
      driver_volume_type,
      data,
    });
    it.each([
      ['a volume of an unsupported type', volume('iscsi', { target_lun: 1 }), 'VolumeDriverNotFound'],
      ['a volume that is not allowed', volume('docker', { name: 'no-such' }), 'ComputeResourcesUnavailable'],
      [
        'a directory that is not allowed',
        volume('directory', { path: '/etc' }),
        'ComputeResourcesUnavailable',
      ],
    ])('are refused before any change: %s', async (_what, connection_info, name) => {
      const { driver, context, image } = harness();
      const instance = newInstance();
      const block_device_info = withVolume(connection_info);
      await expect(driver.spawn(context, instance, image, { block_device_info })).rejects.toMatchObject({
        name,
      });
      await expect(driver.instance_on_disk(instance)).resolves.toBe(false);
    });

    it('are refused when the boot disk is a volume', async () => {
      const { driver, context, newVolume } = harness();
      const instance = newInstance({ image_ref: '' });
      const { block_device_mapping = [] } = withVolume(await newVolume(), '/dev/vda');
      const block_device_info = {
        root_device_name: '/dev/vda',
        block_device_mapping: block_device_mapping.map((mapping) => ({ ...mapping, boot_index: 0 })),
      };
      await expect(
        driver.spawn(context, instance, newImageMeta(''), { block_device_info }),
      ).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
    });
  });

  describe('attach_volume', () => {
    it('is refused, because a mount cannot be added to a container', async () => {
      const { driver, context, boot, newVolume } = harness();
      const instance = await boot();
      await expect(
        driver.attach_volume(context, await newVolume(), instance, '/dev/vdb'),
      ).rejects.toMatchObject({ name: 'VolumeAttachFailed', instance_uuid: instance.uuid });
    });

    it('is a no-op when the instance was spawned with the volume', async () => {
      const { driver, context, boot, newVolume } = harness();
      const volume = await newVolume();
      const instance = await boot({}, { block_device_info: withVolume(volume) });
      await driver.attach_volume(context, volume, instance, '/dev/vdb');
    });

    it('rejects with InstanceNotFound for an unknown instance', async () => {
      const { driver, context, newVolume } = harness();
      await expect(
        driver.attach_volume(context, await newVolume(), newInstance(), '/dev/vdb'),
      ).rejects.toMatchObject({ name: 'InstanceNotFound' });
    });
  });

  describe('detach_volume', () => {
    it('is refused while the instance has the volume', async () => {
      const { driver, context, boot, newVolume } = harness();
      const volume = await newVolume();
      const instance = await boot({}, { block_device_info: withVolume(volume) });
      await expect(driver.detach_volume(context, volume, instance, '/dev/vdb')).rejects.toMatchObject({
        name: 'DeviceDetachFailed',
      });
    });

    it('rejects with DiskNotFound for a volume that the instance does not have', async () => {
      const { driver, context, boot, newVolume } = harness();
      const instance = await boot();
      await expect(
        driver.detach_volume(context, await newVolume(), instance, '/dev/vdb'),
      ).rejects.toMatchObject({ name: 'DiskNotFound' });
    });

    it('is a no-op during a rebuild and for a destroyed instance', async () => {
      const { driver, context, boot, newVolume } = harness();
      const volume = await newVolume();
      const instance = await boot({}, { block_device_info: withVolume(volume) });
      const rebuilding: Instance = { ...instance, task_state: task_states.REBUILDING };
      await driver.detach_volume(context, volume, rebuilding, '/dev/vdb');
      await driver.destroy(context, instance, []);
      await driver.detach_volume(context, volume, instance, '/dev/vdb');
    });
  });

  describe('get_volume_connector and get_all_volume_usage', () => {
    it('report the host as connector, and no volume usage', async () => {
      const { driver, context, host, boot } = harness();
      const instance = await boot();
      await expect(driver.get_volume_connector(instance)).resolves.toEqual({
        ip: await driver.get_host_ip_addr(),
        host,
        initiator: null,
      });
      await expect(driver.get_all_volume_usage(context, [{ instance, instance_bdms: [] }])).resolves.toEqual(
        [],
      );
    });
  });

  describe('get_instance_disk_info', () => {
    it('reports the size of the root disk, and the bytes that the instance has written', async () => {
      const { driver, run } = harness();
      const { instance } = await run(
        'dd if=/dev/zero of=/big bs=1024 count=3000; echo done; exec sleep 1000',
        {
          flavor: newFlavor({ root_gb: 2 }),
        },
      );
      const [disk] = diskInfo.parse(JSON.parse(await driver.get_instance_disk_info(instance)));
      expect(disk?.virt_disk_size).toBe(2 * 1024 ** 3);
      expect(disk?.disk_size).toBeGreaterThanOrEqual(3000 * 1024);
    });
  });

  describe('instance_on_disk and delete_instance_files', () => {
    it('find an instance until its files are deleted, and are idempotent', async () => {
      const { driver, context, boot } = harness();
      const instance = await boot();
      await expect(driver.instance_on_disk(instance)).resolves.toBe(true);
      await driver.destroy(context, instance, [], { destroy_disks: false });
      await expect(driver.instance_on_disk(instance)).resolves.toBe(true);
      await expect(driver.delete_instance_files(instance)).resolves.toBe(true);
      await expect(driver.instance_on_disk(instance)).resolves.toBe(false);
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
      await expect(driver.delete_instance_files(instance)).resolves.toBe(true);
    });

    it('report false and true for an unknown instance', async () => {
      const { driver } = harness();
      await expect(driver.instance_on_disk(newInstance())).resolves.toBe(false);
      await expect(driver.delete_instance_files(newInstance())).resolves.toBe(true);
    });
  });
}
