import type { Instance } from './objects/instance.js';
import type { RequestContext } from './objects/request-context.js';

/**
 * The name of an event that another service reports for an instance, as Nova writes it: `['network-vif-plugged', vif
 * id]`. The tag of an event without one is null.
 */
export type ExternalEventName = readonly [name: string, tag: string | null];

/** Options of {@link VirtAPI.wait_for_instance_event}. */
export interface WaitForInstanceEventOptions {
  /** Seconds to wait after `action` has returned. Nova since 34: `timeout`. */
  readonly timeout: number;
  /** The same number of seconds, under its name in Nova before 34. */
  readonly deadline: number;
  /**
   * Called for each event that is reported with another status than `completed`, or that cannot be waited for. Without
   * this callback, such an event fails the wait.
   *
   * @param event_name - name and tag, joined with a hyphen as in Nova: for example `network-vif-plugged-<vif id>`.
   * @returns whether to keep waiting for the other events.
   * @throws the error with which the wait is to fail.
   */
  readonly error_callback?: (event_name: string, instance: Instance) => boolean;
  readonly signal?: AbortSignal;
}

/** The functions that the orchestrator offers to the driver. Nova: `nova.virt.virtapi.VirtAPI`. */
export interface VirtAPI {
  /**
   * Runs `action`, and returns when all named events were reported for the instance after the call began. In Nova this
   * is a context manager, whose body is `action` here.
   *
   * @returns what `action` returns.
   * @throws what `action` or `error_callback` throws; an error when an event is missing at the deadline (Nova:
   * `InstanceEventTimeout`) or reports a failure; the signal's reason when the signal aborts.
   */
  wait_for_instance_event<T>(
    instance: Instance,
    events: readonly ExternalEventName[],
    options: WaitForInstanceEventOptions,
    action: () => Promise<T>,
  ): Promise<T>;

  /**
   * Called within `action` when its work is complete: the wait ends without these events. Nova's implementation raises
   * an exception, which this driver would pass on. This driver never calls it, because its waits end by themselves.
   */
  exit_wait_early?(events: readonly ExternalEventName[]): void;

  /**
   * Adds the trait `COMPUTE_STATUS_DISABLED` to a node's resource provider in Placement, or removes it.
   *
   * @param rp_uuid - the node's id, as returned by `get_nodenames_by_uuid`.
   * @param enabled - true removes the trait, false adds it.
   */
  update_compute_provider_status?(context: RequestContext, rp_uuid: string, enabled: boolean): Promise<void>;
}
