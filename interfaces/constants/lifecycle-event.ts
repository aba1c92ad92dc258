/** The kinds of lifecycle events, with Nova's numbers. Nova: `nova/virt/event.py`. */
export const lifecycle_event = {
  STARTED: 0,
  STOPPED: 1,
  PAUSED: 2,
  RESUMED: 3,
  SUSPENDED: 4,
} as const;

/** A value of {@link lifecycle_event}. */
export type LifecycleTransition = (typeof lifecycle_event)[keyof typeof lifecycle_event];
