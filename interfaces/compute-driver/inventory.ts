import type { InstanceInfo } from '../objects/instance-info.js';
import type { Instance } from '../objects/instance.js';
import type { RequestContext } from '../objects/request-context.js';
import type { VerbOptions } from './verb-options.js';

/** Options of {@link InventoryVerbs.get_info}. */
export interface GetInfoOptions extends VerbOptions {
  /** Whether a state that the driver remembers will do. Default: true. */
  readonly use_cache?: boolean;
  /**
   * Whether to measure the memory and the processor time that it has used; the engine is asked once more for it.
   * Default: false.
   */
  readonly usage?: boolean;
}

/** Which instances there are, and how they are. Only containers that are instances of this host are ever told of. */
export interface InventoryVerbs {
  /**
   * The instance's power state, as the engine sees it now.
   *
   * @throws InstanceNotFound when there is no such instance.
   * @throws HypervisorUnavailable when the engine does not answer: that is no power state.
   * Nova: `ComputeDriver.get_info`.
   */
  get_info(instance: Instance, options?: GetInfoOptions): Promise<InstanceInfo>;

  /**
   * Whether there is a container of this instance.
   *
   * Nova: `ComputeDriver.instance_exists`.
   */
  instance_exists(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * Whether the files of the instance can be reached from this host.
   *
   * Nova: `ComputeDriver.instance_on_disk`.
   */
  instance_on_disk(instance: Instance, options?: VerbOptions): Promise<boolean>;

  /**
   * How many instances there are, running or not.
   *
   * Nova: `ComputeDriver.get_num_instances`.
   */
  get_num_instances(options?: VerbOptions): Promise<number>;

  /**
   * The names of all instances, running or not.
   *
   * Nova: `ComputeDriver.list_instances`.
   */
  list_instances(options?: VerbOptions): Promise<string[]>;

  /**
   * The ids of all instances, running or not.
   *
   * Nova: `ComputeDriver.list_instance_uuids`.
   */
  list_instance_uuids(options?: VerbOptions): Promise<string[]>;

  /**
   * Looks over the instances that should be on this host when the orchestrator starts.
   *
   * @returns the instances to go on with.
   * Nova: `ComputeDriver.process_instances_at_startup`.
   */
  process_instances_at_startup(
    context: RequestContext,
    instances: readonly Instance[],
    options?: VerbOptions,
  ): Promise<readonly Instance[]>;
}
