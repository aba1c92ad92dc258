import type { Instance, LongRunningOptions, NetworkInfo, RequestContext } from '../../../interfaces/index.js';
import type { ContainerSpecification, NetworkPart } from '../../engine/index.js';
import type { InstanceFiles, SpawnAttempt } from '../../instances/index.js';

/** A container to be made for an instance. */
export interface ContainerPlan extends LongRunningOptions {
  readonly instance: Instance;
  readonly network_info: NetworkInfo | null | undefined;
  /**
   * Whether it is to be started at once. Then it has the instance's own name from the beginning, which saves a request:
   * one that never ran is then half-made. Else it gets that name from its verb, when it is whole: a crash before leaves
   * the instance what it was.
   */
  readonly power_on: boolean;
  /** What it is booted from, see `bootReference`; without it, its image is the engine's own, and there. */
  readonly boot?: { readonly context: RequestContext; readonly image_id: string };
  readonly specification: (network: NetworkPart, attempt: SpawnAttempt) => ContainerSpecification;
  /** Whether its root disk has the flavor's size. */
  readonly sized: boolean;
  /** Default: none. */
  readonly files?: InstanceFiles;
}
