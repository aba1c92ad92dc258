import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { archiveReadAhead, destroyOnAbort } from '../../streams/index.js';
import type { ArchivedImage } from '../../archives/index.js';

/** An archive that is made while it is read, and what it holds. */
export interface PartialArchive {
  readonly archive: Readable;
  readonly image: Promise<ArchivedImage>;
}

/**
 * Makes a stream of an archive that is written piece by piece.
 *
 * @param write - tells what the archive holds when all of it has been verified and written. It is given a signal that
 * ends what it reads from: it aborts when nobody reads the archive any more.
 * @returns the archive, which the caller must read or destroy, and what it holds. Both fail with what `write` fails
 * with.
 */
export function partialArchive(
  write: (signal: AbortSignal) => AsyncGenerator<Buffer, ArchivedImage, void>,
  signal: AbortSignal | undefined,
): PartialArchive {
  const archive = new PassThrough({ highWaterMark: archiveReadAhead });
  const closing = new AbortController();
  const image = new Promise<ArchivedImage>((resolve, reject) => {
    pipeline(async function* () {
      resolve(yield* write(closing.signal));
    }, archive).catch(reject);
  });
  // Whoever reads the archive hears of the failure; not everybody asks what it holds.
  image.catch(() => undefined);
  destroyOnAbort(archive, signal);
  archive.once('close', () => closing.abort());
  return { archive, image };
}
