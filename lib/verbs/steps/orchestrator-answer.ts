import { NovaException } from '../../../interfaces/index.js';
import { DeadlineExceeded, unlessAborted, withDeadline } from '../../streams/index.js';

/**
 * Milliseconds. What the orchestrator is asked while an instance's turn is held is a call within Nova; Nova gives such
 * calls as long (`[DEFAULT] rpc_response_timeout`).
 */
const longestAnswer = 60_000;

/**
 * Waits for the answer of a function of the orchestrator that others have to wait for: the next verbs of the instance.
 * The function itself goes on.
 *
 * @param what - the function, by the name that the orchestrator knows.
 * @throws NovaException when there is no answer within a minute; what the function throws; the signal's reason when
 * that aborts first.
 */
export async function orchestratorAnswer<T>(
  what: string,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const waited = `the answer of the orchestrator's ${what}`;
  try {
    return await withDeadline(waited, longestAnswer, signal, (within) => unlessAborted(call(), within));
  } catch (error) {
    // It says nothing of the engine, unlike other deadlines.
    if (!(error instanceof DeadlineExceeded) || error.what !== waited) throw error;
    throw new NovaException(error.message, { cause: error });
  }
}
