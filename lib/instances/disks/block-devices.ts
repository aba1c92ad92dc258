import {
  type AcceleratorRequest,
  type BlockDeviceInfo,
  type Instance,
  type LocalDisk,
  type VolumeMapping,
  ComputeResourcesUnavailable,
} from '../../../interfaces/index.js';
import type { ContainerSpecification, Engine, MountSpecification } from '../../engine/index.js';
import type { RootDisks } from './root-disk.js';
import { ownVolume } from '../specification/index.js';
import { mountPoint } from './mount-point.js';
import { validateVolumesExist } from './validate-volumes.js';
import { type VolumePolicy, volumeMount } from './volume-mount.js';

/**
 * The disks of an instance as mounts of its container. Ephemeral disks become anonymous volumes, which the engine
 * removes with the container. Swap becomes no mount: the flavor's swap, from which Nova also sizes the swap disk, is
 * part of the container's memory limit.
 *
 * This function only reads from the engine, and only if one of the engine's volumes is to be mounted.
 *
 * @throws ComputeResourcesUnavailable when the root disk is a volume or a local disk is to be encrypted.
 * @throws what {@link volumeMount} and {@link validateVolumesExist} throw.
 */
export async function blockDeviceMounts(
  {
    engine,
    host,
    policy,
    rootDisks,
  }: {
    readonly engine: Engine;
    readonly host: string;
    readonly policy: VolumePolicy;
    readonly rootDisks: Pick<RootDisks, 'madeEphemeral'>;
  },
  instance: Instance,
  block_device_info: BlockDeviceInfo | null | undefined,
  signal?: AbortSignal,
): Promise<MountSpecification[]> {
  if (block_device_info === null || block_device_info === undefined) return [];
  const { image = [], ephemerals = [], block_device_mapping = [], swap } = block_device_info;
  if ([...image, ...ephemerals, swap].some((disk) => disk?.encrypted === true))
    throw new ComputeResourcesUnavailable('This host cannot encrypt local disks');
  const isRoot = ({ boot_index, mount_device }: VolumeMapping): boolean =>
    boot_index === 0 ||
    (typeof mount_device === 'string' && mount_device === block_device_info.root_device_name);
  if (block_device_mapping.some(isRoot))
    throw new ComputeResourcesUnavailable('Containers cannot boot from a volume, only from an image');
  const volumes = block_device_mapping.map(({ connection_info, mount_device }) =>
    volumeMount(connection_info, mount_device, policy),
  );
  await validateVolumesExist(engine, volumes, signal);
  if (ephemerals.length > 0) rootDisks.madeEphemeral();
  return [...ephemerals.map((disk, index) => ephemeralDisk(disk, index, host, instance)), ...volumes];
}

/** The specification with additional mounts. */
export function withMounts(
  specification: ContainerSpecification,
  mounts: readonly MountSpecification[],
): ContainerSpecification {
  if (mounts.length === 0) return specification;
  const { HostConfig: host = {} } = specification;
  return { ...specification, HostConfig: { ...host, Mounts: [...(host.Mounts ?? []), ...mounts] } };
}

/** @throws ComputeResourcesUnavailable when the instance requests accelerators: this host has none. */
export function validateNoAccelerators(accel_info: readonly AcceleratorRequest[] | null | undefined): void {
  if (accel_info !== null && accel_info !== undefined && accel_info.length > 0)
    throw new ComputeResourcesUnavailable('This host has no accelerators, so an instance cannot have any');
}

function ephemeralDisk(
  { device_name }: LocalDisk,
  index: number,
  host: string,
  instance: Instance,
): MountSpecification {
  return ownVolume(mountPoint(device_name ?? `ephemeral${index}`), host, instance);
}
