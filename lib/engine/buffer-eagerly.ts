import { asError } from '../streams/index.js';
import { TruncatedStream } from './errors.js';

/**
 * Reads a source as fast as it gives, whatever the pace of its own reader, and keeps what is not asked for yet. The
 * source must end when its reader leaves: this one cannot interrupt it.
 *
 * @param limit - items that are kept at most.
 * @param what - the source, as a noun phrase, for error messages.
 * @throws TruncatedStream when the reader falls behind by more than the limit; whatever the source fails with, after
 * what came before.
 */
export async function* bufferEagerly<T extends object>(
  source: AsyncIterable<T>,
  limit: number,
  what: string,
): AsyncGenerator<T, void, void> {
  const kept: T[] = [];
  const end: { reached: boolean; failure?: Error } = { reached: false };
  let wake: (() => void) | undefined;

  const drain = async (): Promise<void> => {
    try {
      for await (const item of source) {
        if (kept.length >= limit) throw new TruncatedStream(`${what}: the reader is ${limit} behind`);
        kept.push(item);
        wake?.();
      }
    } catch (error) {
      end.failure = asError(error);
    } finally {
      end.reached = true;
      wake?.();
    }
  };
  void drain();

  for (;;) {
    const item = kept.shift();
    if (item !== undefined) yield item;
    else if (end.failure !== undefined) throw end.failure;
    else if (end.reached) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
