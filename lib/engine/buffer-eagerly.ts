import { asError } from '../streams/index.js';
import { TruncatedStream } from './errors.js';

/**
 * Reads a source without back-pressure and buffers the items for a slower consumer. It cannot interrupt the source:
 * when the consumer leaves, the source must end by itself.
 *
 * @param limit - the maximum number of buffered items.
 * @param what - the source, as a noun phrase for error messages.
 * @throws TruncatedStream when the buffer exceeds the limit; the source's error, after the items before it.
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
        if (kept.length >= limit) throw new TruncatedStream(`${what}: the reader is ${limit} items behind`);
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
