/** What happened to an instance. Nova: `nova/virt/event.py`; the numbers are Nova's. */
export const lifecycle_event = {
  STARTED: 0,
  STOPPED: 1,
  PAUSED: 2,
  RESUMED: 3,
  SUSPENDED: 4,
} as const;

/** One of {@link lifecycle_event}. */
export type LifecycleTransition = (typeof lifecycle_event)[keyof typeof lifecycle_event];
