import { Readable } from 'node:stream';
import { asBytes, asError, Deadline, destroyOnAbort } from '../streams/index.js';
import { ImageSourceError } from './exceptions.js';

/** The limits for receiving an answer. */
interface ReceivingLimits {
  /** The answer, as a noun phrase, for messages. */
  readonly what: string;
  readonly maxBytes: number;
  /** Longest silence in milliseconds while the reader waits for data. */
  readonly idle: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Limits the size and the silence of an answer's body. The receiver must read or destroy the returned stream.
 *
 * @returns a stream that fails with ImageSourceError when the body is too large or breaks off, with DeadlineExceeded
 * when the server is silent for too long, and with the signal's reason when the signal aborts.
 */
export function limited(body: Readable, limits: ReceivingLimits): Readable {
  const stream = Readable.from(bounded(body, limits), { objectMode: false });
  // A generator that was never started runs no `finally`, so an unread body must be destroyed here.
  stream.once('close', () => body.destroy());
  return stream;
}

async function* bounded(
  body: Readable,
  { what, maxBytes, idle, signal }: ReceivingLimits,
): AsyncGenerator<Buffer, void, void> {
  const next = `the next byte of ${what}`;
  const deadline = new Deadline(next, idle, signal);
  destroyOnAbort(body, deadline.signal);
  let bytes = 0;
  try {
    for await (const chunk of chunks(body, what, deadline.signal)) {
      // The deadline measures only the server's silence, not the time that the reader needs.
      deadline.pause();
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new ImageSourceError(`${what} is larger than the ${maxBytes} bytes allowed`);
      yield chunk;
      deadline.restart(next, idle);
    }
  } finally {
    deadline.clear();
  }
}

async function* chunks(
  body: Readable,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const chunk of body) yield asBytes(chunk);
  } catch (cause) {
    signal.throwIfAborted();
    throw new ImageSourceError(`${what} broke off: ${asError(cause).message}`, { cause });
  }
}
