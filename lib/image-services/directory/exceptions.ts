import { ImageQuotaExceeded, NovaException } from '../../../interfaces/index.js';
import { codeOf } from '../../streams/index.js';

/** A file of a {@link DirectoryImageService} is malformed or missing, or the file system refused an operation. */
export class ImageStoreError extends NovaException {
  override readonly name = 'ImageStoreError';
  override readonly code = 'IMAGE_STORE_ERROR';

  /**
   * @param path - of the file or folder.
   * @param what - the fault, which follows the path in the message.
   */
  constructor(
    readonly path: string,
    what: string,
    cause?: unknown,
  ) {
    super(`${path}: ${what}`, cause === undefined ? {} : { cause });
  }
}

/** The file system is full, the user's quota is exceeded, or the file is too large for the file system. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Converts file system errors to exceptions of this library; returns all other errors unchanged.
 *
 * @param directory - that the failed operation worked in.
 */
export function storeError(error: unknown, directory: string): unknown {
  const code = codeOf(error);
  if (error instanceof NovaException || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  if (full.has(code)) return new ImageQuotaExceeded(`${directory} is full (${code}).`, { cause: error });
  return new ImageStoreError(directory, `the file system refused the operation (${code})`, error);
}
