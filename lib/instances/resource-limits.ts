import type { Flavor, Instance } from '../../interfaces/index.js';
import { ComputeResourcesUnavailable, InvalidInput } from '../../interfaces/index.js';
import type { ContainerInspect, HostConfiguration, ResourceLimits } from '../engine/index.js';

const mebibyte = 1024 * 1024;
/** Microseconds; the kernel's default scheduling period. */
const defaultCpuPeriod = 100_000;
/** The engine's word for processor time without a bound; 0 would leave the bound of a container that has one. */
const unlimited = -1;
/** What libvirt gives a virtual CPU, and nova-docker gave: shares are relative, 1024 is one CPU's worth. */
const sharesPerCpu = 1024;

/** What the operator allows and where it applies. */
export interface ResourcePolicy {
  /** Most processes of an instance whose flavor does not say (`docker:pids_limit`). */
  readonly pidsLimit: number;
  /** The block device that holds the engine's data, for `quota:disk_*`: `/dev/sda`. */
  readonly blockDevice?: string | undefined;
}

/**
 * The limits that a flavor sets: memory and swap, shares and quota of the processors, processes, disk rates.
 *
 * @throws InvalidInput when an extra spec cannot be read.
 * @throws ComputeResourcesUnavailable when the flavor wants what this host does not offer, so that another is tried.
 */
export function resourceLimits(instance: Instance, policy: ResourcePolicy): HostConfiguration {
  return { ...changeableLimits(instance, policy), ...diskRates(instance.flavor, policy) };
}

/**
 * Those of the limits that an engine can change while the container lives.
 *
 * @throws what {@link resourceLimits} throws.
 */
export function changeableLimits(instance: Instance, policy: ResourcePolicy): ResourceLimits {
  const { flavor } = instance;
  for (const [name, value] of Object.entries({ memory_mb: flavor.memory_mb, vcpus: flavor.vcpus }))
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new InvalidInput(`The flavor's ${name} must be a positive whole number, not ${String(value)}`);
  const memory = flavor.memory_mb * mebibyte;
  return {
    Memory: memory,
    // The engine counts memory and swap together: equal figures mean no swap.
    MemorySwap: memory + (flavor.swap ?? 0) * mebibyte,
    PidsLimit: limit(flavor, 'docker:pids_limit', 1) ?? policy.pidsLimit,
    ...cpuLimits(instance),
  };
}

/**
 * For an instance that is about to leave with a flavor: what no host can read of it. Whether a host offers it, and which
 * processors it is given there, is for that host to say.
 *
 * @throws InvalidInput when a figure or an extra spec cannot be read.
 */
export function limitsMustBeReadable(instance: Instance, policy: ResourcePolicy): void {
  const { extra_specs, ...flavor } = instance.flavor;
  const anywhere = { ...extra_specs, 'hw:cpu_policy': 'shared' };
  const somewhere = { ...policy, blockDevice: policy.blockDevice ?? '/dev/any' };
  resourceLimits({ ...instance, flavor: { ...flavor, extra_specs: anywhere } }, somewhere);
}

/** Whether a container's limits are those of a flavor with these figures and without extra specs. */
export function arePlainLimits(
  limits: ContainerInspect['HostConfig'],
  { vcpus, memory_mb }: Pick<Flavor, 'vcpus' | 'memory_mb'>,
): boolean {
  return (
    limits.Memory === memory_mb * mebibyte &&
    limits.CpuShares === vcpus * sharesPerCpu &&
    limits.CpuQuota === vcpus * limits.CpuPeriod
  );
}

function cpuLimits(instance: Instance): ResourceLimits {
  const { flavor } = instance;
  const period = limit(flavor, 'quota:cpu_period') ?? defaultCpuPeriod;
  return {
    CpuShares: limit(flavor, 'quota:cpu_shares') ?? flavor.vcpus * sharesPerCpu,
    CpuPeriod: period,
    CpuQuota: cpuQuota(flavor, period),
    ...pinnedCpus(instance),
  };
}

/**
 * Nova's quota is that of one virtual CPU, as libvirt applies it to each vCPU thread; the engine's is the container's.
 * To Nova 0 and negative values mean no limit, and so do values beyond what the engine can count.
 */
function cpuQuota(flavor: Flavor, period: number): number {
  const quota = (wholeNumber(flavor, 'quota:cpu_quota') ?? period) * flavor.vcpus;
  return quota > 0 && Number.isSafeInteger(quota) ? quota : unlimited;
}

function pinnedCpus(instance: Instance): ResourceLimits {
  const policy = instance.flavor.extra_specs?.['hw:cpu_policy'] ?? 'shared';
  if (policy === 'shared') return {};
  const pinned = (instance.numa_topology?.cells ?? []).flatMap((cell) =>
    Object.values(cell.cpu_pinning ?? {}),
  );
  if (pinned.length === 0)
    throw new ComputeResourcesUnavailable(
      `The flavor's hw:cpu_policy is ${policy}, and the instance's numa_topology pins no CPU of this host`,
    );
  return { CpusetCpus: pinned.join(',') };
}

function diskRates(flavor: Flavor, policy: ResourcePolicy): HostConfiguration {
  const rates = {
    BlkioDeviceReadBps: limit(flavor, 'quota:disk_read_bytes_sec'),
    BlkioDeviceWriteBps: limit(flavor, 'quota:disk_write_bytes_sec'),
    BlkioDeviceReadIOps: limit(flavor, 'quota:disk_read_iops_sec'),
    BlkioDeviceWriteIOps: limit(flavor, 'quota:disk_write_iops_sec'),
  };
  const limits: Record<string, { Path: string; Rate: number }[]> = {};
  for (const [name, rate] of Object.entries(rates)) {
    if (rate === undefined) continue;
    if (policy.blockDevice === undefined)
      throw new ComputeResourcesUnavailable(
        'The flavor limits disk rates (quota:disk_*), and the driver was not told which blockDevice they apply to',
      );
    limits[name] = [{ Path: policy.blockDevice, Rate: rate }];
  }
  return limits;
}

/**
 * A limit that a flavor sets.
 *
 * @param least - the smallest value; default 0, which Nova's validators allow, for no limit.
 * @returns undefined without a limit.
 * @throws InvalidInput for anything but a whole number from `least` on.
 */
function limit(flavor: Flavor, name: string, least: 0 | 1 = 0): number | undefined {
  const number = wholeNumber(flavor, name);
  if (number !== undefined && (number < least || !Number.isSafeInteger(number)))
    throw unusable(
      flavor,
      name,
      least === 0 ? 'a whole number that is not negative' : 'a positive whole number',
    );
  return number === 0 ? undefined : number;
}

function wholeNumber(flavor: Flavor, name: string): number | undefined {
  const value = flavor.extra_specs?.[name];
  if (value === undefined) return undefined;
  const number = value.trim() === '' ? NaN : Number(value);
  if (!Number.isInteger(number)) throw unusable(flavor, name, 'a whole number');
  return number;
}

function unusable(flavor: Flavor, name: string, demanded: string): InvalidInput {
  const value = JSON.stringify(flavor.extra_specs?.[name]);
  return new InvalidInput(`The flavor's extra spec ${name} must be ${demanded}, not ${value}`);
}
