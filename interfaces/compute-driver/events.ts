import type { LifecycleEvent, LifecycleEventListener } from '../objects/lifecycle-event.js';

/** Reporting the instances' lifecycle events to the orchestrator. */
export interface EventVerbs {
  /**
   * Sets the listener for lifecycle events, before the call returns. There is one listener; another call replaces it,
   * and `null` removes it.
   *
   * @throws InvalidInput when `callback` is neither a function nor null.
   * Nova: `ComputeDriver.register_event_listener`.
   */
  register_event_listener(callback: LifecycleEventListener | null): Promise<void>;

  /**
   * Calls the listener with an event and waits for it. Without a listener, the event is dropped. An error of the
   * listener is logged, and the verb succeeds.
   *
   * @throws InvalidInput when there is a listener and `event` is not an event.
   * Nova: `ComputeDriver.emit_event`.
   */
  emit_event(event: LifecycleEvent): Promise<void>;
}
