/** The state of an instance in the engine. Nova stores these numbers. Nova: `nova/compute/power_state.py`. */
export const power_state = {
  /** The engine reports a state that matches no other. */
  NOSTATE: 0,
  RUNNING: 1,
  PAUSED: 3,
  /** Not running: stopped, or ended by itself. */
  SHUTDOWN: 4,
  /** Ended by a fault: out of memory, or dead and impossible to restart. */
  CRASHED: 6,
  SUSPENDED: 7,
} as const;

/** A value of {@link power_state}. */
export type PowerState = (typeof power_state)[keyof typeof power_state];
