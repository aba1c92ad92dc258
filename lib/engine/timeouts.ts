/** Timeouts of an engine's client, in milliseconds. */
export interface EngineTimeouts {
  /**
   * Reads: ping, version, info, inspect, list. They take milliseconds; minutes mean that the engine hangs on a lock.
   */
  readonly read: number;
  /**
   * Changes of containers, networks and tags. The engine mounts, forks and waits for devices; a start takes seconds on
   * a busy host.
   */
  readonly change: number;
  /** Added to a stop's own timeout, for the kill, the unmount and the answer. */
  readonly stopMargin: number;
  /** A commit: the engine reads the whole container layer and is silent until it is done. */
  readonly commit: number;
  /** The longest silence of logs and file archives. */
  readonly archive: number;
  /**
   * The longest silence of load and save. Engine 20.10 writes all layers to disk before the first byte of a save. After
   * the last byte of a load, every engine unpacks in silence.
   */
  readonly image: number;
  /** The longest silence of a build. A step is silent unless its own program prints. */
  readonly build: number;
}

const second = 1000;
const minute = 60 * second;

/** The default timeouts. */
export const defaultTimeouts: EngineTimeouts = {
  read: minute,
  change: 3 * minute,
  stopMargin: 30 * second,
  commit: 60 * minute,
  archive: 5 * minute,
  image: 15 * minute,
  build: 60 * minute,
};
