import type { Readable } from 'node:stream';
import type { DownloadOptions } from '../../../interfaces/index.js';

/** The data of one image, from an image service or another source. */
export interface ImageData {
  /** Opens the data as `ImageService.download` does: verified as a whole, or a range without verification. */
  readonly download: (options: DownloadOptions) => Promise<Readable>;
  /**
   * Whether to trust a range of the data. A range cannot be verified, because the hash on record is that of the whole
   * data. True for the image service's own data. False for other sources: their data is trusted only if it is complete
   * and matches the hash.
   */
  readonly isBelieved: boolean;
}
