import type { HostResources, Inventory } from '../../interfaces/index.js';

/** The reserved part and the allocation ratio of each resource class. */
export interface InventoryPolicy {
  /** Virtual processors per processor. Default: the ratio in Placement, else 4. */
  readonly cpuAllocationRatio?: number | undefined;
  /** Default: the ratio in Placement, else 1. */
  readonly ramAllocationRatio?: number | undefined;
  /** Default: the ratio in Placement, else 1. */
  readonly diskAllocationRatio?: number | undefined;
  /** Processors that instances do not get. */
  readonly reservedHostCpus: number;
  /** Mebibytes that instances do not get. */
  readonly reservedHostMemoryMb: number;
  /** Gibibytes that instances do not get. */
  readonly reservedHostDiskGb: number;
}

/** Nova: `[DEFAULT] initial_cpu_allocation_ratio`, `initial_ram_allocation_ratio`, `initial_disk_allocation_ratio`. */
const initialRatios = { VCPU: 4, MEMORY_MB: 1, DISK_GB: 1 };

/**
 * A node's inventory for Placement. It omits empty resource classes, because Placement refuses an inventory of zero.
 *
 * @param known - the node's inventory in Placement: a ratio that an administrator set there stays, unless the policy
 * sets another.
 */
export function inventories(
  { vcpus, memory_mb, local_gb }: Pick<HostResources, 'vcpus' | 'memory_mb' | 'local_gb'>,
  policy: InventoryPolicy,
  known: Readonly<Record<string, Partial<Inventory>>>,
): Record<string, Inventory> {
  const inventory = (
    name: keyof typeof initialRatios,
    total: number,
    ratio: number | undefined,
    reserved: number,
  ): Record<string, Inventory> =>
    total <= 0
      ? {}
      : {
          [name]: {
            total,
            reserved: Math.min(reserved, total),
            min_unit: 1,
            max_unit: total,
            step_size: 1,
            allocation_ratio: ratio ?? known[name]?.allocation_ratio ?? initialRatios[name],
          },
        };
  return {
    ...inventory('VCPU', vcpus, policy.cpuAllocationRatio, policy.reservedHostCpus),
    ...inventory('MEMORY_MB', memory_mb, policy.ramAllocationRatio, policy.reservedHostMemoryMb),
    ...inventory('DISK_GB', local_gb, policy.diskAllocationRatio, policy.reservedHostDiskGb),
  };
}
