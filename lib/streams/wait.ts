/**
 * Waits for something that others wait for too: the signal ends this wait and not the thing itself.
 *
 * @throws the signal's reason, as it is, when that aborts first.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stopListening: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = (): void => signal.removeEventListener('abort', onAbort);
  });
  const givenUp = aborted.then((): Promise<T> => {
    signal.throwIfAborted();
    return promise;
  });
  try {
    return await Promise.race([promise, givenUp]);
  } finally {
    stopListening?.();
  }
}

/**
 * Does work that heeds a signal. Streams can only be destroyed with an error, and some clients wrap a signal's reason:
 * this throws the reason itself.
 *
 * @throws the signal's reason, as it is, when it has aborted; else what the work throws.
 */
export async function unwrapped<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Lets time pass.
 *
 * @throws the signal's reason when it aborts.
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await unlessAborted(passed, signal);
  } finally {
    clearTimeout(timer);
  }
}
