import type { Duplex } from 'node:stream';
import { unlessAborted, withDeadline } from '../streams/index.js';

/** What is carried from where to where, and how long it may stand still. */
interface Carriage {
  /** Who takes the bytes, as a noun phrase, for the error's message. */
  readonly taker: string;
  /** Milliseconds that the taker may have for one chunk. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/**
 * Carries bytes one way until there are no more; ends and destroys neither side. A chunk is read when the one before
 * has been taken.
 *
 * @throws DeadlineExceeded when a chunk is not taken in time, the signal's reason, and what either stream fails with.
 */
export async function carry(from: Duplex, to: Duplex, { taker, patience, signal }: Carriage): Promise<void> {
  for await (const chunk of from.iterator({ destroyOnReturn: false }))
    await withDeadline(`handing on to ${taker}`, patience, signal, async (inTime) => {
      await unlessAborted(written(to, chunk), inTime);
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
