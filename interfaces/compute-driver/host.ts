import type { HostCpuStats } from '../objects/diagnostics.js';
import type { HostResources, ProviderTree } from '../objects/host-resources.js';
import type { ConsumerAllocations } from './allocations.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link HostVerbs.get_available_nodes} and {@link HostVerbs.get_nodenames_by_uuid}. */
export interface GetAvailableNodesOptions extends VerbOptions {
  /** Whether to bypass the driver's cache. Default: false. */
  readonly refresh?: boolean;
}

/** Options of {@link HostVerbs.update_provider_tree}. */
export interface UpdateProviderTreeOptions extends VerbOptions {
  /** All allocations on the tree's providers, by consumer. Passed only if the tree is to be reshaped. Default: none. */
  readonly allocations?: Readonly<Record<string, ConsumerAllocations>> | null;
}

/** The host: an engine and its machine. */
export interface HostVerbs {
  /**
   * Connects to the engine, and repairs what an interrupted earlier run left. A repeated call leaves the host first: if
   * it fails then, the driver serves no host.
   *
   * @param host - the orchestrator's name for this host.
   * @throws HypervisorUnavailable when the engine does not answer or is unsuitable.
   * Nova: `ComputeDriver.init_host`.
   */
  init_host(host: string, options?: VerbOptions): Promise<void>;

  /**
   * Ends the driver's work: connections and events. Instances keep running.
   *
   * @throws InvalidInput when the driver serves another host. Then nothing is changed.
   * Nova: `ComputeDriver.cleanup_host`.
   */
  cleanup_host(host: string, options?: VerbOptions): Promise<void>;

  /**
   * Returns the host's resources, and how much of them instances use.
   *
   * @throws ComputeHostNotFound when `nodename` is not a node of this host.
   * Nova: `ComputeDriver.get_available_resource`.
   */
  get_available_resource(nodename: string, options?: VerbOptions): Promise<HostResources>;

  /**
   * Updates the node in Placement: the inventories of `VCPU`, `MEMORY_MB` and `DISK_GB`, and the traits.
   *
   * @param provider_tree - modified in place.
   * @throws ComputeHostNotFound when `nodename` is not a node of this host.
   * Nova: `ComputeDriver.update_provider_tree`.
   */
  update_provider_tree(
    provider_tree: ProviderTree,
    nodename: string,
    options?: UpdateProviderTreeOptions,
  ): Promise<void>;

  /**
   * Returns the driver's `capabilities` by their traits in Placement. Capabilities without a trait are omitted.
   *
   * Nova: `ComputeDriver.capabilities_as_traits`.
   */
  capabilities_as_traits(): Promise<Readonly<Record<string, boolean>>>;

  /**
   * Returns the names of this host's nodes.
   *
   * Nova: `ComputeDriver.get_available_nodes`.
   */
  get_available_nodes(options?: GetAvailableNodesOptions): Promise<string[]>;

  /**
   * Returns the names of this host's nodes, by node id.
   *
   * Nova: `ComputeDriver.get_nodenames_by_uuid`.
   */
  get_nodenames_by_uuid(options?: GetAvailableNodesOptions): Promise<Readonly<Record<string, string>>>;

  /**
   * Returns whether this host has such a node.
   *
   * Nova: `ComputeDriver.node_is_available`.
   */
  node_is_available(nodename: string, options?: VerbOptions): Promise<boolean>;

  /**
   * Returns whether an unavailable node is permanently deleted, so that its records may be deleted.
   *
   * Nova: `ComputeDriver.is_node_deleted`.
   */
  is_node_deleted(nodename: string, options?: VerbOptions): Promise<boolean>;

  /**
   * Returns the host's uptime as text.
   *
   * Nova: `ComputeDriver.get_host_uptime`.
   */
  get_host_uptime(options?: VerbOptions): Promise<string>;

  /**
   * Returns the address at which other hosts reach this one.
   *
   * Nova: `ComputeDriver.get_host_ip_addr`.
   */
  get_host_ip_addr(options?: VerbOptions): Promise<string>;

  /**
   * Returns the use of the host's processors since it was started.
   *
   * Nova: `ComputeDriver.get_host_cpu_stats`.
   */
  get_host_cpu_stats(options?: VerbOptions): Promise<HostCpuStats>;

  /**
   * Starts, restarts or shuts down the host.
   *
   * @returns the result as text.
   * Nova: `ComputeDriver.host_power_action`.
   */
  host_power_action(action: 'startup' | 'shutdown' | 'reboot', options?: VerbOptions): Promise<string>;

  /**
   * Begins or ends maintenance of the host. Beginning it moves all instances to other hosts.
   *
   * @param mode - true to begin, false to end.
   * Nova: `ComputeDriver.host_maintenance_mode`.
   */
  host_maintenance_mode(
    host: string,
    mode: boolean,
    options?: VerbOptions,
  ): Promise<'on_maintenance' | 'off_maintenance'>;

  /**
   * Enables or disables the host for new instances.
   *
   * @throws NotImplementedError when the driver need not do anything: the orchestrator then records the state itself.
   * Nova: `ComputeDriver.set_host_enabled`.
   */
  set_host_enabled(enabled: boolean, options?: VerbOptions): Promise<'enabled' | 'disabled'>;
}
