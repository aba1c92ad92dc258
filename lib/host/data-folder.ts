import type { SystemInfo } from '../engine/index.js';

/**
 * A containerd that the host's own init system starts, and where it keeps its data unless it is configured otherwise.
 */
const systemContainerd = { address: '/run/containerd/containerd.sock', folder: '/var/lib/containerd' };

/**
 * The folder on the engine's host that holds images and the files of containers. containerd's store is beneath the
 * engine's folder only if the engine starts containerd itself.
 */
export function dataFolder({
  DriverStatus: status,
  Containerd: containerd,
  DockerRootDir: engineFolder,
}: Pick<SystemInfo, 'DriverStatus' | 'Containerd' | 'DockerRootDir'>): string {
  const isContainerdStore = status.some(([name]) => name === 'driver-type');
  return isContainerdStore && containerd?.Address === systemContainerd.address
    ? systemContainerd.folder
    : engineFolder;
}
