import type { LifecycleTransition } from '../constants/lifecycle-event.js';

/** A change of an instance's power state. Nova: `nova.virt.event.LifecycleEvent`. */
export interface LifecycleEvent {
  readonly uuid: string;
  readonly transition: LifecycleTransition;
  /** The time of the change, in seconds since the epoch. */
  readonly timestamp: number;
}

/** Called with each event. Nova: the compute manager's `handle_events`. */
export type LifecycleEventListener = (event: LifecycleEvent) => void | Promise<void>;
