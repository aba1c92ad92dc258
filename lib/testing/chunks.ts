import type { Readable, Writable } from 'node:stream';

/** The number of buffered bytes at which the source is paused. */
const waitingLimit = 256 * 1024;

/** A stream of a relay broke; the `cause` is the reason. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
  /** The broken stream. */
  readonly stream: Readable | Writable;

  constructor(stream: Readable | Writable, cause?: Error) {
    super('A stream broke before its end.', { cause });
    this.stream = stream;
  }
}

/**
 * Yields the chunks of a stream as they arrived; a standard async iterator would join chunks while the consumer is
 * busy. Chunks from before an error are yielded before it is thrown.
 *
 * @param source - owned by the caller, who must destroy it when it leaves the loop early.
 * @throws BrokenStream when it fails or closes before its end.
 */
export async function* chunksOf(source: Readable): AsyncGenerator<Buffer, void, undefined> {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let finished: { readonly error?: Error } | undefined;
  let wake = (): void => undefined;
  const finish = (end: { readonly error?: Error }): void => {
    finished ??= end;
    wake();
  };
  const onData = (chunk: Buffer): void => {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes >= waitingLimit) {
      source.pause();
    }
    wake();
  };
  const onEnd = (): void => finish({});
  const onClose = (): void => finish({ error: new BrokenStream(source) });
  source.on('error', (cause: Error) => finish({ error: new BrokenStream(source, cause) }));
  source.on('end', onEnd).on('close', onClose).on('data', onData).resume();
  try {
    if (source.destroyed) {
      onClose();
    }
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        bytes -= chunk.length;
        yield chunk;
        if (bytes < waitingLimit && source.isPaused()) {
          source.resume();
        }
      } else if (finished !== undefined) {
        if (finished.error !== undefined) {
          throw finished.error;
        }
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    // The error listener stays: a stream that is destroyed later may still emit an error.
    source.off('end', onEnd).off('close', onClose).off('data', onData);
  }
}

/**
 * Writes one chunk and waits until the operating system has taken it. This keeps chunk borders and gives back-pressure.
 *
 * @throws BrokenStream when the sink fails, or the signal fires first.
 */
export function writeChunk(sink: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new BrokenStream(sink));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    sink.write(chunk, (error) => {
      signal.removeEventListener('abort', onAbort);
      if (error) {
        reject(new BrokenStream(sink, error));
      } else {
        resolve();
      }
    });
  });
}

/**
 * Reads a stream to its end and discards the data.
 *
 * @returns the number of bytes.
 * @throws BrokenStream when it breaks before its end.
 */
export async function drain(source: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunksOf(source)) {
    bytes += chunk.length;
  }
  return bytes;
}

/** Resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/**
 * Awaits work that a broken stream may end early.
 *
 * @returns the error of the broken stream; undefined when none broke.
 * @throws every other error.
 */
export async function brokenIn(work: Promise<unknown>): Promise<BrokenStream | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof BrokenStream) {
      return error;
    }
    throw error;
  }
}
