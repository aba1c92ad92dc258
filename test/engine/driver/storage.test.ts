import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Engine, VolumeName } from '../../../lib/engine/index.js';
import { containerRef, volumeName } from '../../../lib/engine/index.js';
import { DockerDriver } from '../../../lib/index.js';
import { label } from '../../../lib/common/labels.js';
import { startFaultProxy } from '../../../lib/testing/index.js';
import { dockerHarness } from '../../support/docker-harness.js';
import { directEngine, engineHost } from '../../support/engine.js';
import { newFlavor, newInstance } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { eventually } from '../contract/harness.js';
import { configDriveContract } from '../contract/config-drive.contract.js';
import type { StorageHarness } from '../contract/storage.contract.js';
import { storageContract } from '../contract/storage.contract.js';

describe('DockerDriver storage', () => {
  const engine: Engine = directEngine();
  const volumes: VolumeName[] = [];
  const warnings: string[] = [];
  let harness: StorageHarness;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nova-volumes-'));
    const driver = await dockerHarness({
      allowedVolumes: ['storage-test-*'],
      allowedHostPaths: [folder],
      logger: { ...noOpLogger, warn: (message) => warnings.push(message) },
    });
    const newVolume: StorageHarness['newVolume'] = async () => {
      const name = volumeName(`storage-test-${randomUUID()}`);
      await engine.volumes.create({ Name: name });
      volumes.push(name);
      return { driver_volume_type: 'docker', data: { name } };
    };
    harness = { ...driver, newVolume };
  });
  afterAll(async () => {
    await harness.close();
    for (const name of volumes) await engine.volumes.remove(name);
    engine.close();
    await rm(folder, { recursive: true });
  });

  storageContract(() => harness);
  configDriveContract(() => harness);

  it('rejects with VolumeNotFound, and creates no volume, if one is removed during the spawn', async () => {
    const { newVolume, image, context } = harness;
    const volume = await newVolume();
    const name = volumes.pop();
    if (name === undefined) throw new Error('no volume was made');
    const proxy = await startFaultProxy({ engine: engineHost() });
    const driver = new DockerDriver({
      engine: proxy.host,
      imageService: harness.imageService,
      allowedVolumes: ['storage-test-*'],
    });
    await driver.init_host(`${harness.host}-removed`);
    try {
      const later = { kind: 'delay-request', milliseconds: 500 } as const;
      const fault = proxy.inject({ method: 'POST', path: /\/containers\/create/, ...later });
      const instance = newInstance();
      const block_device_info = {
        block_device_mapping: [{ connection_info: volume, mount_device: '/dev/vdb' }],
      };
      const outcome = expect(
        driver.spawn(context, instance, image, { block_device_info }),
      ).rejects.toMatchObject({ name: 'VolumeNotFound' });
      await eventually('the creation is requested', () => Promise.resolve(fault.struck().length > 0));
      await engine.volumes.remove(name);
      await outcome;
      await expect(engine.volumes.inspect(name)).rejects.toMatchObject({ status: 404 });
      await expect(driver.instance_exists(instance)).resolves.toBe(false);
    } finally {
      await driver.cleanup_host(`${harness.host}-removed`);
      await proxy.close();
    }
  });

  it('removes ephemeral disks and the config drive with the instance, but no volumes', async () => {
    const { driver, context, boot, newVolume } = harness;
    const volume = await newVolume();
    const instance = await boot(
      { config_drive: 'True' },
      {
        block_device_info: {
          ephemerals: [{ size: 1, device_name: '/dev/vdc' }],
          block_device_mapping: [{ connection_info: volume, mount_device: '/dev/vdb' }],
        },
      },
    );
    const ofInstance = { filters: { label: [`${label.instanceUuid}=${instance.uuid}`] } };
    expect(await engine.volumes.list(ofInstance)).toHaveLength(2);
    await driver.destroy(context, instance, []);
    expect(await engine.volumes.list(ofInstance)).toEqual([]);
    const last = volumes.at(-1);
    if (last === undefined) throw new Error('no volume was made');
    await expect(engine.volumes.inspect(last)).resolves.toMatchObject({ Name: last });
  });

  it("refuses volumes of other instances and of the driver, also if allowedVolumes is '*'", async () => {
    const other = await dockerHarness({ allowedVolumes: ['*'] }, { Volumes: { '/data': {} } });
    const ephemerals = [{ size: 1, device_name: '/dev/vdc' }];
    const instance = await other.boot({}, { block_device_info: { ephemerals } });
    try {
      await other.driver.suspend(other.context, instance);
      const { Mounts: mounts } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
      const taken = [...mounts.map(({ Name: name = '' }) => name), `nova-${instance.uuid}.suspended`];
      expect(taken).toHaveLength(3);
      for (const name of taken) {
        const connection_info = { driver_volume_type: 'docker', data: { name } };
        const block_device_info = { block_device_mapping: [{ connection_info, mount_device: '/dev/vdb' }] };
        await expect(other.boot({}, { block_device_info })).rejects.toMatchObject({
          name: 'ComputeResourcesUnavailable',
          message: expect.stringContaining(name),
        });
      }
    } finally {
      await other.close();
    }
  });

  it('counts swap once when the flavor and block_device_info both have it', async () => {
    const instance = await harness.boot(
      { flavor: newFlavor({ memory_mb: 64, swap: 32 }) },
      { block_device_info: { swap: { swap_size: 32, device_name: '/dev/vdb' } } },
    );
    const { HostConfig: host } = await engine.containers.inspect(containerRef(`nova-${instance.uuid}`));
    expect(host.MemorySwap - host.Memory).toBe(32 * 1024 ** 2);
  });

  it('mounts a directory of allowedHostPaths at its mount_device', async () => {
    await mkdir(join(folder, 'volume-1'));
    const connection_info = { driver_volume_type: 'directory', data: { path: join(folder, 'volume-1') } };
    await harness.run(
      'echo here > /var/lib/data/file; echo done; exec sleep 1000',
      {},
      { block_device_info: { block_device_mapping: [{ connection_info, mount_device: '/var/lib/data' }] } },
    );
    await expect(readFile(join(folder, 'volume-1', 'file'), 'utf8')).resolves.toBe('here\n');
  });

  it('lets Nova try another host when a directory is missing, and leaves no container', async () => {
    const { driver, context, image } = harness;
    const instance = newInstance();
    const connection_info = { driver_volume_type: 'directory', data: { path: join(folder, 'none') } };
    const block_device_info = { block_device_mapping: [{ connection_info, mount_device: '/dev/vdb' }] };
    await expect(driver.spawn(context, instance, image, { block_device_info })).rejects.toMatchObject({
      name: 'ComputeResourcesUnavailable',
      message: expect.stringContaining('does not exist'),
    });
    await expect(driver.instance_on_disk(instance)).resolves.toBe(false);
  });

  it('limits root disks if the storage driver supports it, and warns once otherwise', async () => {
    await harness.boot({ flavor: newFlavor({ root_gb: 2 }) });
    const { output } = await harness.run(
      'dd if=/dev/zero of=/big bs=1048576 count=1100 2>&1; echo done; exec sleep 1000',
      { flavor: newFlavor({ root_gb: 1, memory_mb: 128 }) },
    );
    const told = warnings.filter((warning) => warning.includes('root disks'));
    expect(told.length).toBeLessThanOrEqual(1);
    expect(output).toMatch(told.length === 0 ? /quota exceeded/i : /1100\+0 records out/);
  });
});
