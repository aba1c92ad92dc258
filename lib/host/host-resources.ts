import { statfs } from 'node:fs/promises';
import type { HostResources } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { GiB, MiB } from '../common/index.js';
import type { Engine, SystemInfo } from '../engine/index.js';
import { novaArchitecture } from './architectures.js';
import { dataFolder } from './data-folder.js';

/** The node that is reported. */
interface Node {
  readonly uuid: string;
  readonly name: string;
}

/** Resources allocated to instances. */
interface UsedResources {
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly root_gb: number;
  readonly ephemeral_gb: number;
}

/**
 * The resources of a node and the part that is allocated to instances.
 *
 * @param used - the resources allocated to each instance of this host.
 * @param local_gb - disk size for instances in GiB. Default: the size of the file system that holds the engine's
 * images and the files of containers.
 * @throws NovaException when the disk size is unknown: the engine is on another machine, and `local_gb` is not set.
 */
export async function hostResources(
  engine: Engine,
  node: Node,
  used: readonly UsedResources[],
  local_gb: number | undefined,
  signal?: AbortSignal,
): Promise<HostResources> {
  const info = await engine.system.info({ signal });
  const disk = local_gb === undefined ? await engineDisk(info) : { total: local_gb, free: undefined };
  const sum = (field: keyof UsedResources): number =>
    used.reduce((total, instance) => total + instance[field], 0);
  // As Nova counts. Swap does not count: Nova's swap is a disk, but a container's swap is part of the host's swap
  // space.
  const local_gb_used = sum('root_gb') + sum('ephemeral_gb');
  const architecture = novaArchitecture(info.Architecture);
  return {
    uuid: node.uuid,
    vcpus: info.NCPU,
    memory_mb: Math.floor(info.MemTotal / MiB),
    local_gb: disk.total,
    vcpus_used: sum('vcpus'),
    memory_mb_used: sum('memory_mb'),
    local_gb_used,
    disk_available_least: disk.free ?? disk.total - local_gb_used,
    hypervisor_type: 'docker',
    hypervisor_version: versionNumber(info.ServerVersion),
    hypervisor_hostname: node.name,
    cpu_info: JSON.stringify({
      arch: info.Architecture,
      topology: { cores: info.NCPU, sockets: 1, threads: 1 },
    }),
    supported_instances: architecture === undefined ? [] : [[architecture, 'docker', 'exe']],
    numa_topology: null,
  };
}

async function engineDisk(info: SystemInfo): Promise<{ total: number; free: number }> {
  const folder = dataFolder(info);
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return { total: Math.floor((blocks * bsize) / GiB), free: Math.floor((bavail * bsize) / GiB) };
  } catch (error) {
    throw new NovaException(
      `The disk of the engine's host is not known (${folder} is not on this machine): set the driver's option localGb`,
      { cause: error },
    );
  }
}

/** `28.5.2` becomes 28005002, as in Nova's other drivers: major version × 1,000,000 + minor × 1,000 + patch. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [])
    .slice(1)
    .map(Number);
  return major * 1_000_000 + minor * 1_000 + (Number.isNaN(patch) ? 0 : patch);
}
