import { posix } from 'node:path';
import { InvalidInput } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';

/** What every container has of its kernel, and cannot do without. */
const ofTheKernel = /^\/(dev|proc|sys)(\/|$)/;

/**
 * Where in a container the file system of a disk appears: a container has no devices, so `/dev/vdb` becomes the folder
 * `/mnt/vdb`. A name that is a path elsewhere is that folder.
 *
 * @param device - the device name that Nova gave the disk: `/dev/vdb`, `vdb`.
 * @throws InvalidInput when there is none, or no folder can be called so.
 */
export function mountPoint(device: string | null | undefined): string {
  const name = (device ?? '').replace(/^\/dev\/+/, '');
  const path = name.startsWith('/') ? name : `/mnt/${name}`;
  const isSound = name !== '' && !path.includes('\0') && posix.resolve(path) === path;
  if (!isSound || path === '/mnt' || path === '/' || ofTheKernel.test(path))
    throw new InvalidInput(`${JSON.stringify(device)} cannot be the device name of a disk`);
  return path;
}

/** Whether a container has a disk of this device name. */
export function isMounted({ Mounts: mounts }: ContainerInspect, device: string): boolean {
  const path = mountPoint(device);
  return mounts.some(({ Destination: destination }) => destination === path);
}
