/** How long things may take, in milliseconds. */
export interface EngineTimeouts {
  /**
   * Reads: ping, version, info, inspect, list. They take milliseconds; minutes mean that the engine hangs on a lock.
   */
  readonly read: number;
  /**
   * Changes of containers, networks and tags: the engine mounts, forks, waits for devices; a busy host takes seconds a
   * launch.
   */
  readonly change: number;
  /** Added to the time that a stop or restart itself gives the container: the kill, the unmount and the answer. */
  readonly stopMargin: number;
  /** A commit: the engine reads the whole container layer and is silent until it is done. */
  readonly commit: number;
  /** The longest silence while logs or archives of files flow. */
  readonly archive: number;
  /**
   * The longest silence in load and save. Engine 20.10 writes all layers to its disk before the first byte of a save;
   * after the last byte of a load every engine unpacks in silence.
   */
  readonly image: number;
  /** The longest silence of a build: a step says nothing but what its own program prints. */
  readonly build: number;
}

const second = 1000;
const minute = 60 * second;

/** What an engine gets unless the caller says otherwise. */
export const defaultTimeouts: EngineTimeouts = {
  read: minute,
  change: 3 * minute,
  stopMargin: 30 * second,
  commit: 60 * minute,
  archive: 5 * minute,
  image: 15 * minute,
  build: 60 * minute,
};
