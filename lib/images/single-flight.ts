import type { LongRunningOptions, OnProgress } from '../../interfaces/index.js';
import { raceSignal } from '../streams/index.js';
import { ProgressThrottle } from '../progress/index.js';

/** Passed to a flight's work: the signal that cancels it and its progress listener. */
export interface FlightControls {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

type Work<T> = (controls: FlightControls) => Promise<T>;

/** Runs work once for all callers that want it at the same time. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the running work for this key, or starts it. Every caller gets the same result, and progress reports from the
   * current state on. A caller whose signal aborts leaves at once. When the last caller leaves, the work is aborted,
   * and that caller waits for its rollback. New callers do not join aborted work: they start again after it has
   * settled.
   *
   * @param options - an `onProgress` that throws fails the work for all callers, so pass a guarded listener.
   * @throws the work's error, or the signal's reason when the signal aborts.
   */
  async join(key: string, options: LongRunningOptions, work: Work<T>): Promise<T> {
    options.signal?.throwIfAborted();
    const current = this.#flights.get(key);
    if (current?.isAborted === false) return await current.join(options);
    const flight = new Flight(work, current?.settled);
    this.#flights.set(key, flight);
    void flight.settled.then(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    return await flight.join(options);
  }
}

/** One run of the work, and the callers that wait for it. */
class Flight<T> {
  /** Resolves when the work has ended, including any rollback. Never rejects. */
  readonly settled: Promise<void>;
  readonly #controller = new AbortController();
  readonly #waiters = new Set<Pick<LongRunningOptions, 'onProgress'>>();
  readonly #progress = new ProgressThrottle((progress) => {
    for (const waiter of this.#waiters) waiter.onProgress?.(progress);
  });
  readonly #outcome: Promise<T>;

  /** @param previous - the end of the previous flight; the work starts after it. */
  constructor(work: Work<T>, previous: Promise<void> | undefined) {
    this.#outcome = this.#run(work, previous);
    const settled = (): void => undefined;
    this.settled = this.#outcome.then(settled, settled);
  }

  get isAborted(): boolean {
    return this.#controller.signal.aborted;
  }

  async join({ signal, onProgress }: LongRunningOptions): Promise<T> {
    const waiter = { onProgress };
    const { last } = this.#progress;
    if (last !== undefined) waiter.onProgress?.(last);
    this.#waiters.add(waiter);
    try {
      return await raceSignal(this.#outcome, signal);
    } catch (error) {
      this.#waiters.delete(waiter);
      if (signal?.aborted === true && this.#waiters.size === 0) {
        this.#controller.abort(signal.reason);
        await this.settled;
      }
      throw error;
    }
  }

  async #run(work: Work<T>, previous: Promise<void> | undefined): Promise<T> {
    const { signal } = this.#controller;
    try {
      await previous;
      signal.throwIfAborted();
      return await work({ signal, onProgress: (progress) => this.#progress.report(progress) });
    } finally {
      this.#progress.flush();
    }
  }
}
