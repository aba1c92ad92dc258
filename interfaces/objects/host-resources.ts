/** What a compute node has and how much of it is used. Nova: `ComputeDriver.get_available_resource`. */
export interface HostResources {
  /** The node's id, the same as in `get_nodenames_by_uuid`. */
  readonly uuid: string;
  readonly vcpus: number;
  readonly memory_mb: number;
  readonly local_gb: number;
  /** Given to instances, whether they run or not. */
  readonly vcpus_used: number;
  readonly memory_mb_used: number;
  readonly local_gb_used: number;
  /** GiB still free where containers are kept. */
  readonly disk_available_least: number;
  readonly hypervisor_type: 'docker';
  /** The engine's version as one number: 28.5.2 is 28005002. */
  readonly hypervisor_version: number;
  readonly hypervisor_hostname: string;
  /** JSON, as Nova wants it. */
  readonly cpu_info: string;
  /** `[architecture, hypervisor type, VM mode]` of what can be booted; empty on an architecture that Nova has no name for. */
  readonly supported_instances: readonly (readonly [string, string, string])[];
  readonly numa_topology: null;
}

/** How much of one resource class a node offers. Placement: inventory. */
export interface Inventory {
  readonly total: number;
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  readonly allocation_ratio: number;
}

/** What a driver does to Placement's picture of its node. Nova: `nova.compute.provider_tree.ProviderTree`. */
export interface ProviderTree {
  /** What Placement has of a provider. */
  data(name_or_uuid: string): {
    readonly inventory: Readonly<Record<string, Partial<Inventory>>>;
    readonly traits: Iterable<string>;
  };
  update_inventory(name_or_uuid: string, inventory: Readonly<Record<string, Inventory>>): void;
  add_traits(name_or_uuid: string, ...traits: string[]): void;
  remove_traits(name_or_uuid: string, ...traits: string[]): void;
}
