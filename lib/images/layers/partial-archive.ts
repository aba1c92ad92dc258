import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { archiveReadAhead, destroyOnAbort } from '../../streams/index.js';
import type { ArchivedImage } from '../../archives/index.js';
import type { SuppliedLayers } from './layers-in-engine.js';

/** An archive that is generated while it is read, and what it holds. */
export interface PartialArchive {
  readonly archive: Readable;
  readonly image: Promise<ArchivedImage>;
  /**
   * The image in containerd's store that must still have the omitted layers afterwards; undefined in a classic store.
   */
  readonly sharesFilesOf: SuppliedLayers | undefined;
}

/**
 * Makes a stream of an archive that a generator writes.
 *
 * @param write - returns what the archive holds, once all of it is verified and written. Its signal aborts when the
 * archive is closed.
 * @returns the archive, which the caller must read or destroy, and what it holds. Both fail with the error of `write`.
 */
export function partialArchive(
  write: (signal: AbortSignal) => AsyncGenerator<Buffer, ArchivedImage, void>,
  signal: AbortSignal | undefined,
): Omit<PartialArchive, 'sharesFilesOf'> {
  const archive = new PassThrough({ highWaterMark: archiveReadAhead });
  const closing = new AbortController();
  const image = new Promise<ArchivedImage>((resolve, reject) => {
    pipeline(async function* () {
      resolve(yield* write(closing.signal));
    }, archive).catch(reject);
  });
  // The archive's reader receives the error. Not every caller awaits `image`.
  image.catch(() => undefined);
  destroyOnAbort(archive, signal);
  archive.once('close', () => closing.abort());
  return { archive, image };
}
