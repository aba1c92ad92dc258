import type { Readable, Writable } from 'node:stream';

/** How many bytes may wait for a slow reader before the source is paused. */
const WAITING_LIMIT = 256 * 1024;

/**
 * The chunks of a stream as they arrived: an ordinary async iterator would join what came while the reader was busy.
 * What came before the source broke is handed out before its error is thrown.
 *
 * @param source - stays owned by the caller, who destroys it when it leaves the loop early.
 * @throws whatever the source fails with, or an Error when it closes before its end.
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
  const onClose = (): void => finish({ error: new Error('The stream closed before its end.') });
  source.on('error', (error) => finish({ error }));
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
 * @throws the sink's error, or the signal's reason when it fires first.
 */
export function writeChunk(sink: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('The reader went away.'));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    sink.write(chunk, (error) => {
      signal.removeEventListener('abort', onAbort);
      if (error) {
        reject(error);
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
