import { ImageQuotaExceeded, NovaException } from '../../../interfaces/index.js';
import { codeOf } from '../../streams/index.js';

/** A file of a {@link DirectoryImageService} is not what it should be, or the file system refused. */
export class ImageStoreError extends NovaException {
  /**
   * @param path - the file or folder.
   * @param what - is wrong with it.
   */
  constructor(
    readonly path: string,
    what: string,
    cause?: unknown,
  ) {
    super(`${path}: ${what}`, cause === undefined ? {} : { cause });
  }
}

/** No room: on the file system, in the user's quota, in what one file may be. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * What a failure under `directory` is to the caller: errors of the file system become ours, all others stay what they
 * are.
 */
export function storeError(error: unknown, directory: string): unknown {
  const code = codeOf(error);
  if (error instanceof NovaException || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  if (full.has(code)) return new ImageQuotaExceeded(`${directory} is full (${code}).`, { cause: error });
  return new ImageStoreError(directory, `the file system refuses (${code})`, error);
}
