import type { Instance, LongRunningOptions, NetworkInfo, RequestContext } from '../../../interfaces/index.js';
import type { ContainerSpecification, NetworkPart } from '../../engine/index.js';
import type { InstanceFiles, SpawnAttempt } from '../../instances/index.js';

/** How to create a container for an instance. */
export interface ContainerPlan extends LongRunningOptions {
  readonly instance: Instance;
  readonly network_info: NetworkInfo | null | undefined;
  /**
   * Whether to start the container at once. If so, it is created under the instance's own name, which saves a request;
   * while it has never run, it counts as half created. Otherwise the verb gives it that name once it is complete, so
   * that a crash before leaves the instance unchanged.
   */
  readonly power_on: boolean;
  /**
   * The image to boot from, see `bootReference`. Undefined if the container's image is one that the driver itself
   * created in the engine.
   */
  readonly boot?: { readonly context: RequestContext; readonly image_id: string };
  readonly specification: (network: NetworkPart, attempt: SpawnAttempt) => ContainerSpecification;
  /** Whether the root disk gets the flavor's size. */
  readonly sized: boolean;
  /** Default: none. */
  readonly files?: InstanceFiles;
}
