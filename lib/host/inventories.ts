import type { HostResources, Inventory } from '../../interfaces/index.js';

/** How much of each resource class is set aside, and how often it may be given away. */
interface InventoryPolicy {
  /** Virtual processors for each one there is; default: what Placement has, else 4. */
  readonly cpuAllocationRatio?: number | undefined;
  /** Default: what Placement has, else 1. */
  readonly ramAllocationRatio?: number | undefined;
  /** Default: what Placement has, else 1. */
  readonly diskAllocationRatio?: number | undefined;
  /** Processors that are not for instances. */
  readonly reservedHostCpus: number;
  /** Mebibytes that are not for instances. */
  readonly reservedHostMemoryMb: number;
  /** Gibibytes that are not for instances. */
  readonly reservedHostDiskGb: number;
}

/** Nova: `[DEFAULT] initial_cpu_allocation_ratio`, `initial_ram_allocation_ratio`, `initial_disk_allocation_ratio`. */
const initialRatios = { VCPU: 4, MEMORY_MB: 1, DISK_GB: 1 };

/**
 * What a node offers, as Placement counts it. Classes of which there is nothing are left out: Placement takes no
 * inventory of none.
 *
 * @param known - what Placement has of the node: a ratio that an administrator set there stays, unless the policy says
 * another.
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
