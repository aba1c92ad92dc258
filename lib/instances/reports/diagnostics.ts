import { type Diagnostics, type NicDiagnostics, InstanceInvalidState } from '../../../interfaces/index.js';
import { GiB, MiB } from '../../common/index.js';
import type { ContainerInspect, ContainerStats, Engine } from '../../engine/index.js';
import { instanceRecord } from '../specification/index.js';

/** Resource usage of an instance since it started. */
interface InstanceUsage {
  /** Processor time in nanoseconds. */
  readonly cpuTime: number;
  /** Bytes, without reclaimable page cache. */
  readonly memoryUsed: number;
}

/**
 * Reads the statistics of an instance that is running or frozen.
 *
 * @throws InstanceInvalidState when it is neither.
 */
export async function measure(
  engine: Engine,
  container: ContainerInspect,
  signal?: AbortSignal,
): Promise<ContainerStats> {
  if (!container.State.Running)
    throw new InstanceInvalidState(
      `The instance is ${container.State.Status}: only a running instance has diagnostics`,
    );
  return await engine.containers.stats(container.Id, { signal });
}

/** Processor time and memory for Nova's accounting. */
export function usageOf({ cpu_stats: cpu, memory_stats: memory }: ContainerStats): InstanceUsage {
  // Page cache that is not in use: `inactive_file` in cgroup v2, `total_inactive_file` in v1.
  const reclaimable = memory.stats['total_inactive_file'] ?? memory.stats['inactive_file'] ?? 0;
  return {
    cpuTime: cpu.cpu_usage.total_usage,
    memoryUsed: Math.max(0, (memory.usage ?? 0) - reclaimable),
  };
}

/**
 * Statistics of an instance as Nova's diagnostics.
 *
 * @param hypervisor_os - the operating system of the engine's host.
 */
export function instanceDiagnostics(
  container: ContainerInspect,
  stats: ContainerStats,
  { config_drive, hypervisor_os }: Pick<Diagnostics, 'config_drive' | 'hypervisor_os'>,
): Diagnostics {
  const nic_details = nics(container, stats);
  const cpu_details = cpus(stats);
  return {
    state: container.State.Paused ? 'paused' : 'running',
    // Nova's enumeration has no value for Docker, and its API fails on an unknown one. Nova's fake driver reports
    // libvirt too.
    driver: 'libvirt',
    hypervisor: 'docker',
    hypervisor_os,
    uptime: Math.max(0, Math.floor((Date.parse(stats.read) - Date.parse(container.State.StartedAt)) / 1000)),
    config_drive,
    memory_details: {
      maximum: Math.floor(container.HostConfig.Memory / MiB),
      used: Math.floor(usageOf(stats).memoryUsed / MiB),
    },
    cpu_details,
    nic_details,
    disk_details: [disk(stats)],
    num_cpus: cpu_details.length,
    num_nics: nic_details.length,
    num_disks: 1,
  };
}

/** The diagnostics as one flat record, the format of Nova's drivers before its names were standardized. */
export function flatDiagnostics({
  memory_details: memory,
  cpu_details,
  nic_details,
  disk_details,
  uptime,
}: Diagnostics): Record<string, number> {
  const numbered = (kind: string, details: readonly object[]): [string, number][] =>
    details.flatMap((detail, index) =>
      Object.entries(detail).flatMap(([name, value]: [string, unknown]): [string, number][] =>
        typeof value === 'number' && name !== 'id' ? [[`${kind}${index}_${name}`, value]] : [],
      ),
    );
  return {
    uptime,
    memory: memory.maximum,
    'memory-used': memory.used,
    ...Object.fromEntries([
      ...numbered('cpu', cpu_details),
      ...numbered('nic', nic_details),
      ...numbered('disk', disk_details),
    ]),
  };
}

/** One entry per processor of the host under cgroup v1; under v2, which reports only the total, a single entry. */
function cpus({ cpu_stats: cpu }: ContainerStats): Diagnostics['cpu_details'] {
  const { percpu_usage: each, total_usage: total } = cpu.cpu_usage;
  return (each.length > 0 ? each : [total]).map((time, id) => ({ id, time, utilisation: null }));
}

/**
 * The engine reports traffic per interface and MAC addresses per network, and nothing relates the two. So the address
 * is known only if there is one interface.
 */
function nics({ NetworkSettings: settings }: ContainerInspect, stats: ContainerStats): NicDiagnostics[] {
  const [only, ...more] = Object.values(settings.Networks);
  const mac_address = (more.length > 0 ? undefined : only?.MacAddress?.toLowerCase()) ?? null;
  return Object.values(stats.networks).map((traffic) => ({
    mac_address,
    rx_octets: traffic.rx_bytes,
    rx_errors: traffic.rx_errors,
    rx_drop: traffic.rx_dropped,
    rx_packets: traffic.rx_packets,
    rx_rate: null,
    tx_octets: traffic.tx_bytes,
    tx_errors: traffic.tx_errors,
    tx_drop: traffic.tx_dropped,
    tx_packets: traffic.tx_packets,
    tx_rate: null,
  }));
}

function disk({ blkio_stats: traffic }: ContainerStats): Diagnostics['disk_details'][number] {
  const sum = (of: keyof typeof traffic, operation: string): number =>
    traffic[of]
      .filter(({ op }) => op.toLowerCase() === operation)
      .reduce((total, { value }) => total + value, 0);
  return {
    read_bytes: sum('io_service_bytes_recursive', 'read'),
    read_requests: sum('io_serviced_recursive', 'read'),
    write_bytes: sum('io_service_bytes_recursive', 'write'),
    write_requests: sum('io_serviced_recursive', 'write'),
    errors_count: null,
  };
}

/**
 * Size and usage of an instance's root disk, in the format of Nova's libvirt driver.
 *
 * @param container - inspected with its size.
 * @returns JSON. Usage counts the bytes that the instance has written; its image does not count, because instances
 * share it.
 */
export function diskUsage(container: ContainerInspect): string {
  const { SizeRw: used = 0, Image: image } = container;
  const size = (instanceRecord(container.Config.Labels)?.root_gb ?? 0) * GiB;
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
