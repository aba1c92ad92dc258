import { NovaException } from '../../../interfaces/index.js';
import { DeadlineExceeded, raceSignal, withDeadline } from '../../streams/index.js';

/**
 * Milliseconds. The instance's lock is held during the call. Nova's default timeout for calls between its services is
 * the same (`[DEFAULT] rpc_response_timeout`).
 */
const orchestratorTimeoutMs = 60_000;

/**
 * Calls a function of the orchestrator with a timeout, because the next verbs of the instance wait for it. On a timeout
 * or an abort, the function itself keeps running.
 *
 * @param what - the function's name, as the orchestrator knows it.
 * @throws NovaException when there is no answer within a minute; what the function throws; the signal's reason when the
 * signal aborts first.
 */
export async function orchestratorAnswer<T>(
  what: string,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const waited = `the answer of the orchestrator's ${what}`;
  try {
    return await withDeadline(waited, orchestratorTimeoutMs, signal, (within) => raceSignal(call(), within));
  } catch (error) {
    // Unlike other deadlines, this one says nothing about the engine.
    if (!(error instanceof DeadlineExceeded) || error.what !== waited) throw error;
    throw new NovaException(error.message, { cause: error });
  }
}
