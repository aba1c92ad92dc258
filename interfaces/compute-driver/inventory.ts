import type { InstanceInfo } from '../objects/instance-info.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link InventoryVerbs.get_info}. */
export interface GetInfoOptions extends VerbOptions {
  /** Whether a cached state is acceptable. Default: true. */
  readonly use_cache?: boolean;
  /** Whether to measure used memory and processor time, which takes one more request to the engine. Default: false. */
  readonly usage?: boolean;
}

/** The host's instances and their state. Containers that are not instances of this host are never reported. */
export interface InventoryVerbs {
  /**
   * Returns the instance's power state, as the engine reports it now.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws HypervisorUnavailable when the engine does not answer: then the power state is unknown.
   * Nova: `ComputeDriver.get_info`.
   */
  get_info(instance: Instance, options?: GetInfoOptions): Promise<InstanceInfo>;

  /**
   * Returns whether the instance has a container.
   *
   * Nova: `ComputeDriver.instance_exists`.
   */
  instance_exists(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Returns whether this host can reach the instance's files.
   *
   * Nova: `ComputeDriver.instance_on_disk`.
   */
  instance_on_disk(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Returns the number of instances, running or not.
   *
   * Nova: `ComputeDriver.get_num_instances`.
   */
  get_num_instances(options?: VerbOptions): Promise<number>;

  /**
   * Returns the names of all instances, running or not.
   *
   * Nova: `ComputeDriver.list_instances`.
   */
  list_instances(options?: VerbOptions): Promise<string[]>;

  /**
   * Returns the uuids of all instances, running or not.
   *
   * Nova: `ComputeDriver.list_instance_uuids`.
   */
  list_instance_uuids(options?: VerbOptions): Promise<string[]>;

  /**
   * Checks the instances that should be on this host when the orchestrator starts.
   *
   * @returns the instances that the orchestrator is to initialize.
   * Nova: `ComputeDriver.process_instances_at_startup`.
   */
  process_instances_at_startup(
    context: RequestContext,
    instances: readonly Instance[],
    options?: VerbOptions,
  ): Promise<readonly Instance[]>;
}
