import { afterEach, describe, expect, it } from '@jest/globals';
import type { BlockDeviceInfo, VolumeMapping } from '../../../../interfaces/index.js';
import type { MountSpecification } from '../../../../lib/engine/index.js';
import { validateNoAccelerators, blockDeviceMounts, RootDisks } from '../../../../lib/instances/index.js';
import { label } from '../../../../lib/common/labels.js';
import { answerJson, FakeEngine } from '../../engine/fake-engine.js';
import { newInstance } from '../../../support/nova-objects.js';
import { noOpLogger } from '../../../support/silent-logger.js';
import { block_device_info } from '../../../support/nova-call.js';

const policy = { allowedVolumes: ['data-*', 'shared'], allowedHostPaths: ['/srv/volumes/', '/mnt/nfs'] };
const ours = { [label.host]: 'node-1' };
/** The volumes of the engine, with their labels. */
const volumes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'data-1': {},
  'data-own': ours,
  shared: {},
};

const volume = (
  driver_volume_type: string,
  data: Record<string, unknown>,
  mount_device: string | null = '/dev/vdb',
): VolumeMapping => ({ connection_info: { driver_volume_type, data }, mount_device });

describe('blockDeviceMounts', () => {
  let fake: FakeEngine | undefined;
  afterEach(async () => {
    await fake?.stop();
    fake = undefined;
    rootDisks = undefined;
    warnings.length = 0;
  });

  const warnings: string[] = [];
  let rootDisks: RootDisks | undefined;
  const mounts = async (
    info: BlockDeviceInfo | null | undefined,
    allowed = policy,
  ): Promise<MountSpecification[]> => {
    await fake?.stop();
    fake = await FakeEngine.start((request, response) => {
      const name = request.url?.split('/').at(-1) ?? '';
      const labels = volumes[name];
      if (labels === undefined) answerJson(response, 404, { message: `get ${name}: no such volume` });
      else answerJson(response, 200, { Name: name, Driver: 'local', Labels: labels });
    });
    const logger = { ...noOpLogger, warn: (message: string) => warnings.push(message) };
    rootDisks ??= new RootDisks({ engine: fake.client(), logger });
    return await blockDeviceMounts(
      { engine: fake.client(), host: 'node-1', policy: allowed, rootDisks },
      newInstance(),
      info,
    );
  };
  const mountsOf = async (...block_device_mapping: VolumeMapping[]): Promise<MountSpecification[]> =>
    await mounts({ root_device_name: '/dev/vda', block_device_mapping });

  it.each([[undefined], [null], [{}], [block_device_info]])(
    'returns no mounts without block devices: %p',
    async (info) => {
      expect(await mounts(info)).toEqual([]);
      expect(fake?.requests).toEqual([]);
    },
  );

  it('warns once that the engine cannot limit the size of ephemeral disks', async () => {
    for (const device_name of ['/dev/vdb', '/dev/vdc'])
      await mounts({ ephemerals: [{ device_name, size: 1 }] });
    expect(warnings).toEqual([expect.stringContaining('cannot limit the size of ephemeral disks')]);
  });

  it('mounts a volume of the engine at the name of its device', async () => {
    expect(await mountsOf(volume('docker', { name: 'data-1' }))).toEqual([
      {
        Type: 'volume',
        Source: 'data-1',
        Target: '/mnt/vdb',
        ReadOnly: false,
        VolumeOptions: { NoCopy: true, Labels: { [label.attempt]: 'data-1' } },
      },
    ]);
  });

  it('mounts a directory of the host at the path that the orchestrator names, read-only if the volume is', async () => {
    const directory = volume('directory', { path: '/srv/volumes/7', access_mode: 'ro' }, '/var/lib/mysql');
    expect(await mountsOf(directory)).toEqual([
      { Type: 'bind', Source: '/srv/volumes/7', Target: '/var/lib/mysql', ReadOnly: true },
    ]);
  });

  it('mounts ephemeral disks as new volumes, which are deleted with the instance', async () => {
    const ephemerals = [{ size: 1, device_name: '/dev/vdc' }, { size: 2 }];
    const found = await mounts({ ephemerals, swap: { swap_size: 64, device_name: '/dev/vdd' } });
    expect(found.map(({ Target: target, Source: source }) => [target, source])).toEqual([
      ['/mnt/vdc', undefined],
      ['/mnt/ephemeral1', undefined],
    ]);
    expect(found[0]?.VolumeOptions?.Labels).toMatchObject(ours);
  });

  it.each([
    [
      'a volume type that the driver cannot mount',
      volume('iscsi', { target_lun: 1 }),
      'VolumeDriverNotFound',
    ],
    ['a volume in a file', volume('nfs', { export: 'a:/b', name: 'volume-1' }), 'VolumeDriverNotFound'],
    ['a volume that is not allowed', volume('docker', { name: 'other' }), 'ComputeResourcesUnavailable'],
    [
      'a name that contains an allowed one',
      volume('docker', { name: 'not-shared' }),
      'ComputeResourcesUnavailable',
    ],
    [
      'a volume that the driver created',
      volume('docker', { name: 'data-own' }),
      'ComputeResourcesUnavailable',
    ],
    ['a volume that does not exist', volume('docker', { name: 'data-2' }), 'VolumeNotFound'],
    ['a name that is a path', volume('docker', { name: 'data-/etc' }), 'InvalidInput'],
    ['a directory that is not allowed', volume('directory', { path: '/etc' }), 'ComputeResourcesUnavailable'],
    [
      'a path that leads out of an allowed directory',
      volume('directory', { path: '/srv/volumes/../../etc' }),
      'ComputeResourcesUnavailable',
    ],
    [
      'a path that begins like an allowed directory',
      volume('directory', { path: '/mnt/nfs2/a' }),
      'ComputeResourcesUnavailable',
    ],
    [
      'the whole allowed directory',
      volume('directory', { path: '/srv/volumes' }),
      'ComputeResourcesUnavailable',
    ],
    [
      'the whole allowed directory with a slash',
      volume('directory', { path: '/srv/volumes/' }),
      'ComputeResourcesUnavailable',
    ],
    [
      'an encrypted volume',
      volume('docker', { name: 'data-1', encrypted: true }),
      'VolumeEncryptionNotSupported',
    ],
    ['a missing device name', volume('docker', { name: 'data-1' }, null), 'InvalidInput'],
    [
      'a device name that leads out of /dev',
      volume('docker', { name: 'data-1' }, '/dev/../etc'),
      'InvalidInput',
    ],
    ['the root directory as device name', volume('docker', { name: 'data-1' }, '/'), 'InvalidInput'],
    ['a missing volume name', volume('docker', {}), 'InvalidInput'],
    ['missing connection data', { connection_info: null, mount_device: '/dev/vdb' }, 'InvalidInput'],
    ['an unknown access mode', volume('docker', { name: 'shared', access_mode: 'wo' }), 'InvalidInput'],
    [
      'a volume to boot from',
      { ...volume('docker', { name: 'data-1' }), boot_index: 0 },
      'ComputeResourcesUnavailable',
    ],
    [
      'a volume at the root device',
      volume('docker', { name: 'data-1' }, '/dev/vda'),
      'ComputeResourcesUnavailable',
    ],
  ])('refuses %s', async (_what, mapping, name) => {
    await expect(mountsOf(mapping)).rejects.toMatchObject({ name });
  });

  it('refuses every volume if the operator allows none', async () => {
    const nothing = { allowedVolumes: [], allowedHostPaths: [] };
    const info = { block_device_mapping: [volume('docker', { name: 'data-1' })] };
    await expect(mounts(info, nothing)).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
  });

  it.each([
    { ephemerals: [{ size: 1, encrypted: true }] },
    { image: [{ encrypted: true }] },
    { swap: { swap_size: 1, encrypted: true } },
  ])('refuses encrypted disks: %p', async (info) => {
    await expect(mounts(info)).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
  });
});

describe('accelerators', () => {
  it('are refused, so that Nova tries another host', () => {
    const accelerator = {
      uuid: 'a',
      device_profile_name: 'gpu',
      device_profile_group_id: 0,
      state: 'Bound',
      device_rp_uuid: 'b',
      hostname: 'node-1',
      instance_uuid: 'c',
      attach_handle_type: 'PCI',
      attach_handle_info: {},
    };
    expect(() => validateNoAccelerators([accelerator])).toThrow(
      expect.objectContaining({ name: 'ComputeResourcesUnavailable' }),
    );
    for (const none of [undefined, null, []]) expect(() => validateNoAccelerators(none)).not.toThrow();
  });
});
