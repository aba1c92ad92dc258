/**
 * Milliseconds over which the rate is averaged: long enough for a steady display, short enough to follow a slowing
 * connection.
 */
const windowMs = 3000;
/** Minimum milliseconds before a rate is reported: the first bytes come out of buffers. */
const minElapsedMs = 100;

/** The number of bytes moved by a point in time. */
interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** The transfer rate over the last three seconds. */
export class Rate {
  #marks: readonly Mark[];

  /** @param now - start time in milliseconds. */
  constructor(now: number) {
    this.#marks = [{ at: now, bytes: 0 }];
  }

  /**
   * Records a measurement and computes the rate.
   *
   * @param bytes - number of bytes since the start.
   * @param now - current time in milliseconds.
   * @returns whole bytes per second; undefined while it is too early to tell.
   */
  measure(bytes: number, now: number): number | undefined {
    const from = this.#marks.findLastIndex(({ at }) => at <= now - windowMs);
    this.#marks = [...this.#marks.slice(Math.max(from, 0)), { at: now, bytes }];
    const [first] = this.#marks;
    if (first === undefined || now - first.at < minElapsedMs) return undefined;
    return Math.round(((bytes - first.bytes) / (now - first.at)) * 1000);
  }
}
