import { pipeline, type Readable, type Transform } from 'node:stream';

import { DeadlineExceeded, destroyOnAbort } from '../streams/index.js';
import { TruncatedStream, brokenOff } from './errors.js';

/** How a stream from the engine is supervised. */
interface ReceiveOptions {
  /** The stream, as a noun phrase for error messages. */
  readonly what: string;
  /** The longest silence in milliseconds; undefined for no limit. */
  readonly silence: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Pipes a stream from the engine through a transform and returns the transform. The reader owns both: destroying the
 * transform closes the connection. It fails with TruncatedStream when the connection breaks, with DeadlineExceeded when
 * the engine is silent for too long, and with the signal's reason when that aborts.
 */
export function receive(body: Readable, through: Transform, options: ReceiveOptions): Readable {
  const { what, silence, signal } = options;
  const onSilence = (): void => {
    // Unread data means that the reader is slow, not that the engine is silent.
    if (through.readableLength > 0) timer?.refresh();
    else through.destroy(new DeadlineExceeded(`the next byte of ${what}`, silence ?? 0));
  };
  const timer = silence === undefined ? undefined : setTimeout(onSilence, silence);

  // Registered before pipeline's own listeners, so that the reader receives these errors instead of the connection's.
  body.once('error', (error) => through.destroy(brokenOff(error, what)));
  body.once('close', () => {
    if (!body.readableEnded) through.destroy(new TruncatedStream(`${what} broke off`));
  });
  body.on('data', () => timer?.refresh());
  pipeline(body, through, () => {
    clearTimeout(timer);
  });
  destroyOnAbort(through, signal);
  return through;
}
