import { pipeline, type Readable, type Transform } from 'node:stream';

import { DeadlineExceeded, destroyOnAbort } from '../streams/index.js';
import { TruncatedStream, brokenOff } from './errors.js';

/** What watches over a stream from the engine. */
interface ReceiveOptions {
  /** The stream, as a noun phrase, for error messages. */
  readonly what: string;
  /** The longest silence, in milliseconds; undefined when the engine may be silent for as long as it likes. */
  readonly silence: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Lets a stream from the engine flow through a transform, and gives that to the reader, who owns both: destroying it
 * closes the connection. It fails with TruncatedStream when the connection breaks, DeadlineExceeded when the engine is
 * silent too long while the reader has taken all there was, the signal's reason when that aborts.
 */
export function receive(body: Readable, through: Transform, options: ReceiveOptions): Readable {
  const { what, silence, signal } = options;
  const onSilence = (): void => {
    // What nobody has taken holds the engine up, not the other way round.
    if (through.readableLength > 0) timer?.refresh();
    else through.destroy(new DeadlineExceeded(`the next byte of ${what}`, silence ?? 0));
  };
  const timer = silence === undefined ? undefined : setTimeout(onSilence, silence);

  // These listeners come before pipeline's own, so that the reader is told these errors and not the connection's.
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
