/**
 * Milliseconds that a rate looks back on: long enough to stand still for the eye, short enough to follow a line that
 * slows down.
 */
const window = 3000;
/** Milliseconds before which no rate can be told: the first bytes come out of buffers. */
const shortest = 100;

/** How many bytes had passed when. */
interface Mark {
  readonly at: number;
  readonly bytes: number;
}

/** The bytes per second of the last seconds. */
export class Rate {
  #marks: readonly Mark[];

  /** @param now - when it begins, in milliseconds. */
  constructor(now: number) {
    this.#marks = [{ at: now, bytes: 0 }];
  }

  /**
   * Tells the rate, and counts from here when it is asked again.
   *
   * @param bytes - that have passed since it began.
   * @param now - in milliseconds.
   * @returns whole bytes per second; undefined when it is too early to say.
   */
  measure(bytes: number, now: number): number | undefined {
    const from = this.#marks.findLastIndex(({ at }) => at <= now - window);
    this.#marks = [...this.#marks.slice(Math.max(from, 0)), { at: now, bytes }];
    const [first] = this.#marks;
    if (first === undefined || now - first.at < shortest) return undefined;
    return Math.round(((bytes - first.bytes) / (now - first.at)) * 1000);
  }
}
