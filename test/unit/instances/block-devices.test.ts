import { afterEach, describe, expect, it } from '@jest/globals';
import type { BlockDeviceInfo, VolumeMapping } from '../../../interfaces/index.js';
import type { MountSpecification } from '../../../lib/engine/index.js';
import { acceleratorsMustBeNone, blockDeviceMounts, RootDisks } from '../../../lib/instances/index.js';
import { label } from '../../../lib/common/labels.js';
import { answerJson, FakeEngine } from '../engine/fake-engine.js';
import { newInstance } from '../../support/nova-objects.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { block_device_info } from '../../support/nova-call.js';

const policy = { allowedVolumes: ['data-*', 'shared'], allowedHostPaths: ['/srv/volumes/', '/mnt/nfs'] };
const ours = { [label.host]: 'node-1' };
/** What the engine has. */
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

describe('the disks of an instance', () => {
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
    'are no mounts when there are none: %p',
    async (info) => {
      expect(await mounts(info)).toEqual([]);
      expect(fake?.requests).toEqual([]);
    },
  );

  it('are said in the log, once, not to be bounded, where they are ephemeral', async () => {
    for (const device_name of ['/dev/vdb', '/dev/vdc'])
      await mounts({ ephemerals: [{ device_name, size: 1 }] });
    expect(warnings).toEqual([expect.stringContaining('cannot bound ephemeral disks')]);
  });

  it('are a volume of the engine at the name of its device', async () => {
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

  it('are a directory of the host, where the orchestrator names a path, read-only when the volume is', async () => {
    const directory = volume('directory', { path: '/srv/volumes/7', access_mode: 'ro' }, '/var/lib/mysql');
    expect(await mountsOf(directory)).toEqual([
      { Type: 'bind', Source: '/srv/volumes/7', Target: '/var/lib/mysql', ReadOnly: true },
    ]);
  });

  it('are volumes of their own for ephemeral disks, which go with the instance', async () => {
    const ephemerals = [{ size: 1, device_name: '/dev/vdc' }, { size: 2 }];
    const found = await mounts({ ephemerals, swap: { swap_size: 64, device_name: '/dev/vdd' } });
    expect(found.map(({ Target: target, Source: source }) => [target, source])).toEqual([
      ['/mnt/vdc', undefined],
      ['/mnt/ephemeral1', undefined],
    ]);
    expect(found[0]?.VolumeOptions?.Labels).toMatchObject(ours);
  });

  it.each([
    ['a kind nobody can mount', volume('iscsi', { target_lun: 1 }), 'VolumeDriverNotFound'],
    ['a disk in a file', volume('nfs', { export: 'a:/b', name: 'volume-1' }), 'VolumeDriverNotFound'],
    ['a volume that is not allowed', volume('docker', { name: 'other' }), 'ComputeResourcesUnavailable'],
    ['a name around an allowed one', volume('docker', { name: 'not-shared' }), 'ComputeResourcesUnavailable'],
    ['a volume that the driver keeps', volume('docker', { name: 'data-own' }), 'ComputeResourcesUnavailable'],
    ['a volume that is not there', volume('docker', { name: 'data-2' }), 'VolumeNotFound'],
    ['a name that is a path', volume('docker', { name: 'data-/etc' }), 'InvalidInput'],
    ['a directory elsewhere', volume('directory', { path: '/etc' }), 'ComputeResourcesUnavailable'],
    ['a way out', volume('directory', { path: '/srv/volumes/../../etc' }), 'ComputeResourcesUnavailable'],
    ['a neighbour', volume('directory', { path: '/mnt/nfs2/a' }), 'ComputeResourcesUnavailable'],
    ['the whole directory', volume('directory', { path: '/srv/volumes' }), 'ComputeResourcesUnavailable'],
    ['the same', volume('directory', { path: '/srv/volumes/' }), 'ComputeResourcesUnavailable'],
    [
      'an encrypted one',
      volume('docker', { name: 'data-1', encrypted: true }),
      'VolumeEncryptionNotSupported',
    ],
    ['no device name', volume('docker', { name: 'data-1' }, null), 'InvalidInput'],
    ['a device name that is a way out', volume('docker', { name: 'data-1' }, '/dev/../etc'), 'InvalidInput'],
    ['the root directory', volume('docker', { name: 'data-1' }, '/'), 'InvalidInput'],
    ['no name', volume('docker', {}), 'InvalidInput'],
    ['nothing to connect to', { connection_info: null, mount_device: '/dev/vdb' }, 'InvalidInput'],
    ['a mode nobody knows', volume('docker', { name: 'shared', access_mode: 'wo' }), 'InvalidInput'],
    [
      'one to boot from',
      { ...volume('docker', { name: 'data-1' }), boot_index: 0 },
      'ComputeResourcesUnavailable',
    ],
    ['the root device', volume('docker', { name: 'data-1' }, '/dev/vda'), 'ComputeResourcesUnavailable'],
  ])('cannot be %s', async (_what, mapping, name) => {
    await expect(mountsOf(mapping)).rejects.toMatchObject({ name });
  });

  it('are none that the operator did not allow', async () => {
    const nothing = { allowedVolumes: [], allowedHostPaths: [] };
    const info = { block_device_mapping: [volume('docker', { name: 'data-1' })] };
    await expect(mounts(info, nothing)).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
  });

  it.each([
    { ephemerals: [{ size: 1, encrypted: true }] },
    { image: [{ encrypted: true }] },
    { swap: { swap_size: 1, encrypted: true } },
  ])('are not encrypted: %p', async (info) => {
    await expect(mounts(info)).rejects.toMatchObject({ name: 'ComputeResourcesUnavailable' });
  });
});

describe('accelerators', () => {
  it('are refused, so that another host is tried', () => {
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
    expect(() => acceleratorsMustBeNone([accelerator])).toThrow(
      expect.objectContaining({ name: 'ComputeResourcesUnavailable' }),
    );
    for (const none of [undefined, null, []]) expect(() => acceleratorsMustBeNone(none)).not.toThrow();
  });
});
