import type { LifecycleTransition } from '../constants/lifecycle-event.js';

/** Something that happened to an instance. Nova: `nova.virt.event.LifecycleEvent`. */
export interface LifecycleEvent {
  readonly uuid: string;
  readonly transition: LifecycleTransition;
  /** When it happened, in seconds since the epoch. */
  readonly timestamp: number;
}

/** Told about events. Nova: the compute manager's `handle_events`. */
export type LifecycleEventListener = (event: LifecycleEvent) => void | Promise<void>;
