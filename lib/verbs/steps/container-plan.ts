import { randomBytes } from 'node:crypto';
import type { Instance, LongRunningOptions, NetworkInfo, RequestContext } from '../../../interfaces/index.js';
import type { ContainerSpecification } from '../../engine/index.js';
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
  readonly attempt: SpawnAttempt;
  /** The container, without its networks. */
  readonly specification: ContainerSpecification;
  /** Whether the root disk gets the flavor's size. */
  readonly sized: boolean;
  /** Bytes that a sized root disk has on top of the flavor's size. Default: 0. */
  readonly extraDiskBytes?: number;
  /** Default: none. */
  readonly files?: InstanceFiles;
}

/** Returns a new attempt to create an instance's container, with a random id that no other attempt has. */
export function newAttempt(host: string, power_on: boolean): SpawnAttempt {
  return { host, id: `tmp-${randomBytes(16).toString('hex')}`, power_on };
}
