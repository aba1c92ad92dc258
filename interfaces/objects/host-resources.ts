/** A compute node's resources, and how much of them is used. Nova: `ComputeDriver.get_available_resource`. */
export interface HostResources {
  /** The node's id, equal to the one in `get_nodenames_by_uuid`. */
  readonly uuid: string;
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly local_gb: number;
  /** The resources of all instances, running or stopped. */
  readonly vcpus_used: number;
  readonly memory_mb_used: number;
  readonly local_gb_used: number;
  /** Free disk space where the engine stores containers, GiB. */
  readonly disk_available_least: number;
  readonly hypervisor_type: 'docker';
  /** The engine's version as one number: 28.5.2 is 28005002. */
  readonly hypervisor_version: number;
  readonly hypervisor_hostname: string;
  /** JSON, as Nova requires. */
  readonly cpu_info: string;
  /**
   * The bootable kinds of instances as `[architecture, hypervisor type, VM mode]`. Empty for an architecture without a
   * name in Nova.
   */
  readonly supported_instances: readonly (readonly [string, string, string])[];
  readonly numa_topology: null;
}

/** How much of a resource class a node offers. Placement: inventory. */
export interface Inventory {
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
}

/** The methods by which a driver updates its node in Placement. Nova: `nova.compute.provider_tree.ProviderTree`. */
export interface ProviderTree {
  /** Returns a provider's inventory and traits in Placement. */
  data(name_or_uuid: string): {
    readonly inventory: Readonly<Record<string, Partial<Inventory>>>;
    readonly traits: Iterable<string>;
  };
  update_inventory(name_or_uuid: string, inventory: Readonly<Record<string, Inventory>>): void;
  add_traits(name_or_uuid: string, ...traits: string[]): void;
  remove_traits(name_or_uuid: string, ...traits: string[]): void;
}
