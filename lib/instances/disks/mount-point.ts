import { posix } from 'node:path';
import { InvalidInput } from '../../../interfaces/index.js';
import type { ContainerInspect } from '../../engine/index.js';

/** The kernel's file systems, which every container needs. */
const ofTheKernel = /^\/(dev|proc|sys)(\/|$)/;

/**
 * The mount point of a disk's file system. Containers have no block devices, so `/dev/vdb` becomes the folder
 * `/mnt/vdb`. An absolute path outside `/dev` is the mount point itself.
 *
 * @param device - the device name that Nova gave the disk: `/dev/vdb`, `vdb`.
 * @throws InvalidInput when it is missing or not usable as a mount point.
 */
export function mountPoint(device: string | null | undefined): string {
  const name = (device ?? '').replace(/^\/dev\/+/, '');
  const path = name.startsWith('/') ? name : `/mnt/${name}`;
  const isSound = name !== '' && !path.includes('\0') && posix.resolve(path) === path;
  if (!isSound || path === '/mnt' || path === '/' || ofTheKernel.test(path))
    throw new InvalidInput(`${JSON.stringify(device)} cannot be the device name of a disk`);
  return path;
}

/** Whether a container has a disk with this device name. */
export function isMounted({ Mounts: mounts }: ContainerInspect, device: string): boolean {
  const path = mountPoint(device);
  return mounts.some(({ Destination: destination }) => destination === path);
}

/** The mount points of a container, relative to its root. */
export function mountedPaths({ Mounts: mounts }: ContainerInspect): ReadonlySet<string> {
  return new Set(
    mounts.map(({ Destination: destination }) => posix.join('/', destination).replace(/^\/|\/$/g, '')),
  );
}
