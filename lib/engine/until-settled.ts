import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.js';
import { isUnreachable, mayHaveSucceeded } from './errors.js';

/** How long to retry, and the delay between attempts, in milliseconds. */
export interface Polling {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Whether the delay keeps the process alive. Default: true. */
  readonly ref?: boolean;
}

/**
 * Determines or enforces the outcome of a request whose answer was lost. An inconclusive attempt (the engine is
 * unreachable, or the answer is lost again) is retried until the time is up or the client is closed.
 *
 * @param attempt - one attempt; it resolves to `undefined` when the outcome is not known yet.
 * @param signal - aborts the delay between attempts.
 * @returns the first outcome; `undefined` when it was still unknown at the end.
 * @throws the last attempt's error when the time is up; any conclusive error at once; the signal's reason when that
 * aborts.
 */
export async function untilSettled<T>(
  engine: Pick<Engine, 'closed'>,
  { timeoutMs, intervalMs, ref = true }: Polling,
  attempt: () => Promise<T | undefined>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const isLast = performance.now() >= end;
    try {
      const outcome = await attempt();
      if (outcome !== undefined || isLast || engine.closed) return outcome;
    } catch (error) {
      const cannotTell = isUnreachable(error) || mayHaveSucceeded(error);
      if (!cannotTell || isLast || engine.closed) throw error;
    }
    await sleep(intervalMs, undefined, { ref });
    signal?.throwIfAborted();
  }
}
