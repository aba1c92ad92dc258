import type { ContainerInspect } from '../engine/index.js';
import { instanceRecord } from './instance-labels.js';

const gibibyte = 1024 ** 3;

/**
 * What an instance's root disk is and how much of it is used, as Nova's libvirt driver tells it of a disk.
 *
 * @param container - measured.
 * @returns JSON. What the instance has written counts; its image is the engine's, and many may have it.
 */
export function diskUsage(container: ContainerInspect): string {
  const { SizeRw: used = 0, Image: image } = container;
  const size = (instanceRecord(container.Config.Labels)?.root_gb ?? 0) * gibibyte;
  return JSON.stringify([
    {
      type: 'docker',
      path: '/',
      virt_disk_size: size,
      backing_file: image,
      disk_size: used,
      over_committed_disk_size: Math.max(0, size - used),
    },
  ]);
}
