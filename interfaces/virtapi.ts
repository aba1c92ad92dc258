import type { Instance } from './objects/instance.js';
import type { RequestContext } from './objects/request-context.js';

/**
 * An event that another service reports of an instance, as Nova names it: `['network-vif-plugged', vif id]`. An event
 * without a tag has null.
 */
export type ExternalEventName = readonly [name: string, tag: string | null];

/** How {@link VirtAPI.wait_for_instance_event} waits. */
export interface WaitForInstanceEventOptions {
  /** Seconds to wait after `action` has returned. Nova since 34: `timeout`. */
  readonly timeout: number;
  /** The same number, under the name that Nova had for it before 34. */
  readonly deadline: number;
  /**
   * Called for each event that is reported with another status than `completed`, or cannot be waited for. Without one,
   * such an event fails the wait.
   *
   * @param event_name - name and tag as Nova joins them: `network-vif-plugged-<vif id>`.
   * @returns whether to go on waiting for the other events.
   * @throws what the wait is to fail with.
   */
  readonly error_callback?: (event_name: string, instance: Instance) => boolean;
  readonly signal?: AbortSignal;
}

/** What the orchestrator offers to the driver. Nova: `nova.virt.virtapi.VirtAPI`. */
export interface VirtAPI {
  /**
   * Runs `action` and returns when every named event has been reported of the instance since it began. What is Nova's
   * context manager here takes its body as `action`.
   *
   * @returns what `action` returns.
   * @throws what `action` or `error_callback` throws; an error when an event is missing at the deadline (Nova:
   * `InstanceEventTimeout`) or tells a failure; the signal's reason when it aborts.
   */
  wait_for_instance_event<T>(
    instance: Instance,
    events: readonly ExternalEventName[],
    options: WaitForInstanceEventOptions,
    action: () => Promise<T>,
  ): Promise<T>;

  /**
   * Called within `action`, when all its work is done: the wait under way no longer waits for these events. Nova's
   * raises an exception for it, which this driver would pass on; this driver's wait ends by itself and it calls nothing.
   */
  exit_wait_early?(events: readonly ExternalEventName[]): void;

  /**
   * Adds the trait `COMPUTE_STATUS_DISABLED` to a node's resource provider in Placement, or removes it.
   *
   * @param rp_uuid - the node's id, as `get_nodenames_by_uuid` tells it.
   * @param enabled - true removes the trait.
   */
  update_compute_provider_status?(context: RequestContext, rp_uuid: string, enabled: boolean): Promise<void>;
}
