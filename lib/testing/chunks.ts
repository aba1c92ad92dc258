import type { Readable, Writable } from 'node:stream';

/** How many bytes may wait for a slow reader before the source is paused. */
const WAITING_LIMIT = 256 * 1024;

/** One of the two ends of a relayed stream is gone; the reason is the `cause`. */
export class BrokenStream extends Error {
  override readonly name = 'BrokenStream';
  /** The one that broke. */
  readonly stream: Readable | Writable;

  constructor(stream: Readable | Writable, cause?: Error) {
    super('A stream broke before its end.', { cause });
    this.stream = stream;
  }
}

/**
 * The chunks of a stream as they arrived: an ordinary async iterator would join what came while the reader was busy.
 * What came before the source broke is handed out before its error is thrown.
 *
 * @param source - stays owned by the caller, who destroys it when it leaves the loop early.
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
    if (bytes >= WAITING_LIMIT) {
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
        if (bytes < WAITING_LIMIT && source.isPaused()) {
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
    // The error listener stays: a source that is destroyed later may still emit one.
    source.off('end', onEnd).off('close', onClose).off('data', onData);
  }
}

/**
 * Writes one chunk and waits until the operating system has it, so that chunks keep their borders and a reader that
 * stalls holds the writer back.
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
 * Reads a stream to its end and forgets what it holds.
 *
 * @returns how many bytes there were.
 * @throws BrokenStream when it breaks before.
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
 * Waits for something that a broken stream may end early.
 *
 * @returns which stream broke; undefined when none did.
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
