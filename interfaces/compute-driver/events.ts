import type { LifecycleEvent, LifecycleEventListener } from '../objects/lifecycle-event.js';

/** Telling the orchestrator what happens to instances. */
export interface EventVerbs {
  /**
   * Sets the one listener that is told of events; another call replaces it. It has taken effect when the call returns.
   *
   * Nova: `ComputeDriver.register_event_listener`.
   */
  register_event_listener(callback: LifecycleEventListener): Promise<void>;

  /**
   * Tells the listener of an event, and waits until it is done. Without a listener the event is dropped; a listener
   * that fails is logged, and the verb succeeds.
   *
   * @throws InvalidInput when there is a listener and `event` is not an event.
   * Nova: `ComputeDriver.emit_event`.
   */
  emit_event(event: LifecycleEvent): Promise<void>;
}
