import { Readable } from 'node:stream';
import { asBytes, asError, Deadline, destroyOnAbort } from '../streams/index.js';
import { ImageSourceError } from './exceptions.js';

/** What a server may make of an answer. */
interface ReceivingLimits {
  /** The answer, as a noun phrase, for messages. */
  readonly what: string;
  readonly maxBytes: number;
  /** Milliseconds that it may be silent while somebody waits for it. */
  readonly idle: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body of an answer, in as much time and space as it may have. Its receiver must read or destroy it.
 *
 * @returns a stream that fails with ImageSourceError when it is larger or breaks off, DeadlineExceeded, or the signal's
 * reason when that aborts.
 */
export function limited(body: Readable, limits: ReceivingLimits): Readable {
  const stream = Readable.from(bounded(body, limits), { objectMode: false });
  // What nobody has begun to read is not left by a loop.
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
      // A reader that takes its time is not the server's silence.
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
