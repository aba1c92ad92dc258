import type { HostCpuStats } from '../objects/diagnostics.js';
import type { HostResources, ProviderTree } from '../objects/host-resources.js';
import type { ConsumerAllocations } from './allocations.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link HostVerbs.get_available_nodes} and {@link HostVerbs.get_nodenames_by_uuid}. */
export interface GetAvailableNodesOptions extends VerbOptions {
  /** Whether to ask anew instead of remembering. Default: false. */
  readonly refresh?: boolean;
}

/** Options of {@link HostVerbs.update_provider_tree}. */
export interface UpdateProviderTreeOptions extends VerbOptions {
  /**
   * All allocations on the tree's providers, by consumer; given only when the tree is to be reshaped. Default: none.
   */
  readonly allocations?: Readonly<Record<string, ConsumerAllocations>> | null;
}

/** The host itself: an engine and what it runs on. */
export interface HostVerbs {
  /**
   * Makes the driver ready: reaches the engine, and puts right what an earlier run has left half done.
   *
   * @param host - the orchestrator's name for this host.
   * @throws HypervisorUnavailable when the engine does not answer or is of no use.
   * Nova: `ComputeDriver.init_host`.
   */
  init_host(host: string, options?: VerbOptions): Promise<void>;

  /**
   * Ends what the driver has going: connections, events. Instances go on.
   *
   * Nova: `ComputeDriver.cleanup_host`.
   */
  cleanup_host(host: string, options?: VerbOptions): Promise<void>;

  /**
   * What the host has and how much of it instances use.
   *
   * @throws ComputeHostNotFound when `nodename` is no node of this host.
   * Nova: `ComputeDriver.get_available_resource`.
   */
  get_available_resource(nodename: string, options?: VerbOptions): Promise<HostResources>;

  /**
   * Brings Placement's picture of the node up to date: inventories of `VCPU`, `MEMORY_MB` and `DISK_GB`, traits.
   *
   * @param provider_tree - is changed.
   * @throws ComputeHostNotFound when `nodename` is no node of this host.
   * Nova: `ComputeDriver.update_provider_tree`.
   */
  update_provider_tree(
    provider_tree: ProviderTree,
    nodename: string,
    options?: UpdateProviderTreeOptions,
  ): Promise<void>;

  /**
   * The driver's `capabilities` by the names that Placement has for them; capabilities without one are left out.
   *
   * Nova: `ComputeDriver.capabilities_as_traits`.
   */
  capabilities_as_traits(): Promise<Readonly<Record<string, boolean>>>;

  /**
   * The names of the nodes of this host.
   *
   * Nova: `ComputeDriver.get_available_nodes`.
   */
  get_available_nodes(options?: GetAvailableNodesOptions): Promise<string[]>;

  /**
   * The names of the nodes of this host by the nodes' ids.
   *
   * Nova: `ComputeDriver.get_nodenames_by_uuid`.
   */
  get_nodenames_by_uuid(options?: GetAvailableNodesOptions): Promise<Readonly<Record<string, string>>>;

  /**
   * Whether this is a node of this host.
   *
   * Nova: `ComputeDriver.node_is_available`.
   */
  node_is_available(nodename: string, options?: VerbOptions): Promise<boolean>;

  /**
   * Whether a node that is no longer available is gone for good, so that its records may be deleted.
   *
   * Nova: `ComputeDriver.is_node_deleted`.
   */
  is_node_deleted(nodename: string, options?: VerbOptions): Promise<boolean>;

  /**
   * How long the host has been up, in words.
   *
   * Nova: `ComputeDriver.get_host_uptime`.
   */
  get_host_uptime(options?: VerbOptions): Promise<string>;

  /**
   * The address at which other hosts reach this one.
   *
   * Nova: `ComputeDriver.get_host_ip_addr`.
   */
  get_host_ip_addr(options?: VerbOptions): Promise<string>;

  /**
   * How the host has spent its processor time since it was started.
   *
   * Nova: `ComputeDriver.get_host_cpu_stats`.
   */
  get_host_cpu_stats(options?: VerbOptions): Promise<HostCpuStats>;

  /**
   * Starts, restarts or switches off the host.
   *
   * @returns what came of it, in words.
   * Nova: `ComputeDriver.host_power_action`.
   */
  host_power_action(action: 'startup' | 'shutdown' | 'reboot', options?: VerbOptions): Promise<string>;

  /**
   * Moves all instances to other hosts, or ends that time.
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
   * Opens the host to new instances or closes it.
   *
   * @throws NotImplementedError when the driver has nothing to do for it: then the orchestrator keeps it in mind
   * itself. Nova: `ComputeDriver.set_host_enabled`.
   */
  set_host_enabled(enabled: boolean, options?: VerbOptions): Promise<'enabled' | 'disabled'>;
}
