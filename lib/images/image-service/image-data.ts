import type { Readable } from 'node:stream';
import type { DownloadOptions } from '../../../interfaces/index.js';

/** The data of one image, from wherever it is. */
export interface ImageData {
  /** Its bytes, all of them verified, or a range, as `ImageService.download` has it. */
  readonly download: (options: DownloadOptions) => Promise<Readable>;
  /**
   * Verifies all of it, without giving it to anybody: asked before ranges are taken that nothing on the image's record
   * vouches for. Left out where the data is the image service's own, which is believed.
   *
   * @throws what is wrong with it; the signal's reason when that aborts.
   */
  readonly verify?: (signal: AbortSignal) => Promise<void>;
}
