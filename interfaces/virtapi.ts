import type { Instance } from './objects/instance.js';

/** An event that another service reports of an instance, as Nova names it: `['network-vif-plugged', vif id]`. */
export type ExternalEventName = readonly [name: string, tag: string];

/** What the orchestrator offers to the driver. Nova: `nova.virt.virtapi.VirtAPI`. */
export interface VirtAPI {
  /**
   * Runs `action` and returns when every named event has been reported of the instance since it began.
   *
   * @param options - `deadline`: seconds to wait after `action` has returned.
   * @returns what `action` returns.
   * @throws what `action` throws; an error when an event is missing at the deadline (Nova: `InstanceEventTimeout`) or
   * tells a failure; the signal's reason when it aborts.
   */
  wait_for_instance_event<T>(
    instance: Instance,
    events: readonly ExternalEventName[],
    options: { readonly deadline: number; readonly signal?: AbortSignal },
    action: () => Promise<T>,
  ): Promise<T>;
}
