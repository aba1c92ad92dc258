/**
 * What an instance is doing, as the engine sees it. Nova: `nova/compute/power_state.py`; the numbers are stored by
 * Nova.
 */
export const power_state = {
  /** The engine knows, but it fits no other state. */
  NOSTATE: 0,
  RUNNING: 1,
  PAUSED: 3,
  /** Not running, whether it was stopped or ended by itself. */
  SHUTDOWN: 4,
  /** Ended by a fault: out of memory, or dead beyond a restart. */
  CRASHED: 6,
  SUSPENDED: 7,
} as const;

/** One of {@link power_state}. */
export type PowerState = (typeof power_state)[keyof typeof power_state];
