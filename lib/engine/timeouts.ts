/** Timeouts of an engine's client, in milliseconds. */
export interface EngineTimeouts {
  /**
   * Reads: ping, version, info, inspect, list. They take milliseconds; minutes mean that the engine hangs on a lock.
   */
  readonly readMs: number;
  /**
   * Changes of containers, networks and tags. The engine mounts, forks and waits for devices; a start takes seconds on
   * a busy host.
   */
  readonly changeMs: number;
  /** Added to a stop's own timeout, for the kill, the unmount and the answer. */
  readonly stopMarginMs: number;
  /** A commit: the engine reads the whole container layer and is silent until it is done. */
  readonly commitMs: number;
  /** The longest silence of logs and file archives. */
  readonly archiveIdleMs: number;
  /**
   * The longest silence of load and save. Engine 20.10 writes all layers to disk before the first byte of a save. After
   * the last byte of a load, every engine unpacks in silence.
   */
  readonly imageIdleMs: number;
  /** The longest silence of a build. A step is silent unless its own program prints. */
  readonly buildIdleMs: number;
}

const second = 1000;
const minute = 60 * second;

/** The default timeouts. */
export const defaultTimeouts: EngineTimeouts = {
  readMs: minute,
  changeMs: 3 * minute,
  stopMarginMs: 30 * second,
  commitMs: 60 * minute,
  archiveIdleMs: 5 * minute,
  imageIdleMs: 15 * minute,
  buildIdleMs: 60 * minute,
};
