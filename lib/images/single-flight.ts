import type { LongRunningOptions, OnProgress } from '../../interfaces/index.js';
import { unlessAborted } from '../streams/index.js';
import { ProgressThrottle } from '../progress/index.js';

/** How a flight's work is told to end, and tells how it gets on. */
export interface FlightControls {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

type Work<T> = (controls: FlightControls) => Promise<T>;

/** Does work that several callers want at the same time once, for all of them. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the work under this key that is under way, or starts it. Every caller gets its outcome, and its progress from
   * where it stands. A caller whose signal aborts leaves at once; the last one to leave takes the work with it and
   * waits until that has been undone. Work that is being undone is not joined: the next one starts afresh when it has
   * ended.
   *
   * @param options - an `onProgress` that throws ends the work of all: each must be harmless.
   * @throws what the work fails with; the signal's reason when that aborts.
   */
  async join(key: string, options: LongRunningOptions, work: Work<T>): Promise<T> {
    options.signal?.throwIfAborted();
    const current = this.#flights.get(key);
    if (current?.isAborted === false) return await current.board(options);
    const flight = new Flight(work, current?.settled);
    this.#flights.set(key, flight);
    void flight.settled.then(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    return await flight.board(options);
  }
}

/** One piece of work and those who wait for it. */
class Flight<T> {
  /** When the work has ended and been undone, if need be. Never fails. */
  readonly settled: Promise<void>;
  readonly #controller = new AbortController();
  readonly #passengers = new Set<Pick<LongRunningOptions, 'onProgress'>>();
  readonly #progress = new ProgressThrottle((progress) => {
    for (const passenger of this.#passengers) passenger.onProgress?.(progress);
  });
  readonly #outcome: Promise<T>;

  /** @param runway - what must have ended before the work may begin. */
  constructor(work: Work<T>, runway: Promise<void> | undefined) {
    this.#outcome = this.#fly(work, runway);
    const settled = (): void => undefined;
    this.settled = this.#outcome.then(settled, settled);
  }

  get isAborted(): boolean {
    return this.#controller.signal.aborted;
  }

  async board({ signal, onProgress }: LongRunningOptions): Promise<T> {
    const passenger = { onProgress };
    const { last } = this.#progress;
    if (last !== undefined) passenger.onProgress?.(last);
    this.#passengers.add(passenger);
    try {
      return await unlessAborted(this.#outcome, signal);
    } catch (error) {
      this.#passengers.delete(passenger);
      if (signal?.aborted === true && this.#passengers.size === 0) {
        this.#controller.abort(signal.reason);
        await this.settled;
      }
      throw error;
    }
  }

  async #fly(work: Work<T>, runway: Promise<void> | undefined): Promise<T> {
    const { signal } = this.#controller;
    try {
      await runway;
      signal.throwIfAborted();
      return await work({ signal, onProgress: (progress) => this.#progress.report(progress) });
    } finally {
      this.#progress.flush();
    }
  }
}
