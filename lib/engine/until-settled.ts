import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.js';
import { isUnreachable, mayHaveSucceeded } from './errors.js';

/** How long to try, and how long to wait between two tries, in milliseconds. */
export interface Patience {
  readonly patience: number;
  readonly interval: number;
  /** Whether the process stays for it. Default: true. */
  readonly ref?: boolean;
}

/**
 * Finds out what became of a request whose answer was lost, or brings its outcome about. A try that cannot tell, because
 * the engine is away or its answer is lost, is repeated until time is over or the client is closed.
 *
 * @param attempt - one try; `undefined` when it was too early to tell.
 * @param signal - ends the waiting between two tries.
 * @returns the first outcome; `undefined` when it was too early to tell until the end.
 * @throws what the last try failed with when time is over; at once what says more than that the engine is away; the
 * signal's reason when that aborts.
 */
export async function untilSettled<T>(
  engine: Engine,
  { patience, interval, ref = true }: Patience,
  attempt: () => Promise<T | undefined>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const end = performance.now() + patience;
  for (;;) {
    const isLast = performance.now() >= end;
    try {
      const outcome = await attempt();
      if (outcome !== undefined || isLast || engine.closed) return outcome;
    } catch (error) {
      const cannotTell = isUnreachable(error) || mayHaveSucceeded(error);
      if (!cannotTell || isLast || engine.closed) throw error;
    }
    await sleep(interval, undefined, { ref });
    signal?.throwIfAborted();
  }
}
