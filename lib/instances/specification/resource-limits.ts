import type { Flavor, Instance } from '../../../interfaces/index.js';
import { ComputeResourcesUnavailable, InvalidInput } from '../../../interfaces/index.js';
import { MiB } from '../../common/index.js';
import type {
  ContainerInspect,
  DiskRates,
  EngineVersion,
  HostConfiguration,
  ResourceLimits,
} from '../../engine/index.js';
import { isAtLeast } from '../../engine/index.js';

/** Microseconds; the kernel's default scheduling period. */
const defaultCpuPeriod = 100_000;
/** The engine's value for an unlimited quota; an update with 0 would keep the current quota. */
const unlimited = -1;
/** The value of libvirt and of nova-docker per virtual CPU. Shares are relative; 1024 stands for one CPU. */
const sharesPerCpu = 1024;

/** How many files a process may have open: at first, and after it has raised its own limit. */
export interface OpenFilesLimit {
  readonly soft: number;
  readonly hard: number;
}

/** The operator's settings for resource limits. */
export interface ResourcePolicy {
  /** Maximum number of processes of an instance whose flavor does not set `docker:pids_limit`. */
  readonly maxPids: number;
  /** How many files a process of an instance may have open. */
  readonly maxOpenFiles: OpenFilesLimit;
  /** The block device with the engine's data, to which `quota:disk_*` applies: `/dev/sda`. */
  readonly blockDevice?: string | undefined;
}

/**
 * The limits of a flavor: memory, swap, CPU shares and quota, processes, disk rates.
 *
 * @throws InvalidInput when an extra spec is malformed.
 * @throws ComputeResourcesUnavailable when this host does not support a limit; Nova then tries another host.
 */
export function resourceLimits(instance: Instance, policy: ResourcePolicy): HostConfiguration {
  return {
    ...changeableLimits(instance, policy),
    ...diskRates(instance.flavor, policy),
    Ulimits: processLimits(policy),
  };
}

/**
 * The limits of each process of an instance. Without them it would inherit those of the engine's containerd, which
 * differ between its versions: the soft limit of open files is 1024 since 2.1.5, and was far higher before.
 */
export function processLimits({
  maxOpenFiles: { soft, hard },
}: Pick<ResourcePolicy, 'maxOpenFiles'>): NonNullable<HostConfiguration['Ulimits']> {
  return [{ Name: 'nofile', Soft: soft, Hard: hard }];
}

/**
 * The limits that every engine can update while the container exists. Some can update the disk rates, too, see
 * {@link changesDiskRates}.
 *
 * @throws what {@link resourceLimits} throws.
 */
export function changeableLimits(instance: Instance, policy: ResourcePolicy): ResourceLimits {
  const { flavor } = instance;
  for (const [name, value] of Object.entries({ memory_mb: flavor.memory_mb, vcpus: flavor.vcpus }))
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new InvalidInput(`The flavor's ${name} must be a positive whole number, not ${String(value)}`);
  const memory = flavor.memory_mb * MiB;
  return {
    Memory: memory,
    // The engine's value is the sum of memory and swap: an equal value means no swap.
    MemorySwap: memory + (flavor.swap ?? 0) * MiB,
    PidsLimit: limit(flavor, 'docker:pids_limit', 1) ?? policy.maxPids,
    ...cpuLimits(instance),
  };
}

/**
 * Validates the flavor of an instance that is about to migrate, as far as every host would refuse it. Only the target
 * host knows whether it supports the flavor and which processors it assigns.
 *
 * @throws InvalidInput when a figure or an extra spec is malformed.
 */
export function validateLimits(instance: Instance, policy: ResourcePolicy): void {
  const { extra_specs, ...flavor } = instance.flavor;
  const anywhere = { ...extra_specs, 'hw:cpu_policy': 'shared' };
  const somewhere = { ...policy, blockDevice: policy.blockDevice ?? '/dev/any' };
  resourceLimits({ ...instance, flavor: { ...flavor, extra_specs: anywhere } }, somewhere);
}

/** Whether a container's limits follow from these figures alone, without extra specs. */
export function arePlainLimits(
  limits: ContainerInspect['HostConfig'],
  { vcpus, memory_mb }: Pick<Flavor, 'vcpus' | 'memory_mb'>,
): boolean {
  return (
    limits.Memory === memory_mb * MiB &&
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
 * Nova's quota is per virtual CPU, as libvirt applies it to each vCPU thread; the engine's is for the whole container.
 * In Nova, 0 and negative values mean unlimited; values beyond the engine's integer range count as unlimited too.
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

/** Whether an engine of this version can update the disk rates of a container, and the driver knows the device. */
export function changesDiskRates({ apiVersion }: EngineVersion, { blockDevice }: ResourcePolicy): boolean {
  return isAtLeast(apiVersion, '1.55') && blockDevice !== undefined;
}

/**
 * The disk rates of a flavor for an update, which removes those that the flavor does not have.
 *
 * @throws what {@link resourceLimits} throws.
 */
export function changedDiskRates(flavor: Flavor, policy: ResourcePolicy): Required<DiskRates> {
  const none = {
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
  };
  return { ...none, ...diskRates(flavor, policy) };
}

function diskRates(flavor: Flavor, policy: ResourcePolicy): DiskRates {
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
        "The flavor limits disk rates (quota:disk_*): set the driver's option blockDevice, which they apply to",
      );
    limits[name] = [{ Path: policy.blockDevice, Rate: rate }];
  }
  return limits;
}

/**
 * A limit in a flavor's extra specs.
 *
 * @param least - the smallest valid value. Default: 0, which Nova's validators accept as unlimited.
 * @returns undefined if there is no limit.
 * @throws InvalidInput when the value is not a whole number of at least `least`.
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
