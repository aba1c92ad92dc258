import type { Duplex } from 'node:stream';
import { raceSignal, withDeadline } from '../streams/index.js';

/** Options of {@link carry}. */
interface Carriage {
  /** The receiver as a noun phrase, for the error message. */
  readonly taker: string;
  /** Milliseconds within which the receiver must accept a chunk. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Copies bytes in one direction until the source ends; it neither ends nor destroys either stream. Back-pressure: it
 * reads a chunk when the receiver has accepted the previous one.
 *
 * @throws DeadlineExceeded when the receiver does not accept a chunk in time; the signal's reason; an error of either
 * stream.
 */
export async function carry(from: Duplex, to: Duplex, { taker, timeoutMs, signal }: Carriage): Promise<void> {
  for await (const chunk of from.iterator({ destroyOnReturn: false }))
    await withDeadline(`sending to ${taker}`, timeoutMs, signal, async (inTime) => {
      await raceSignal(written(to, chunk), inTime);
    });
}

async function written(stream: Duplex, chunk: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
