import type { Readable } from 'node:stream';
import type { DownloadOptions } from '../../../interfaces/index.js';

/** The data of one image, from wherever it is. */
export interface ImageData {
  /** Its bytes, all of them verified, or a range, as `ImageService.download` has it. */
  readonly download: (options: DownloadOptions) => Promise<Readable>;
  /**
   * Whether a range of it is believed that nothing on the image's record vouches for. The image service's own data is;
   * anything else counts only as far as it has the hash on record, which a range cannot show.
   */
  readonly isBelieved: boolean;
}
