import { resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInput, type Logger } from '../../../interfaces/index.js';
import { count, type FieldsOf, logger, text, usableLogger } from '../../common/index.js';

/** Options of a {@link DirectoryImageService}. */
export interface DirectoryImageServiceOptions {
  /** The directory for the images. Created with the first image; only its owner may access it. */
  readonly directory: string;
  /** Maximum size of an image's data in bytes. Default: no limit but the file system's. */
  readonly maxBytes?: number;
  /** Receives messages about leftovers that cannot be removed. */
  readonly logger?: Logger;
}

/** The validated options. */
export interface Store {
  /** An absolute path. */
  readonly directory: string;
  /** Maximum size of an image's data in bytes. */
  readonly maxBytes: number;
  readonly logger: Logger;
}

const plainOptions = z.strictObject({
  directory: text,
  maxBytes: count.default(Number.MAX_SAFE_INTEGER),
  logger: logger.optional(),
} satisfies FieldsOf<DirectoryImageServiceOptions>);

/**
 * Validates the options.
 *
 * @throws InvalidInput naming each invalid option.
 */
export function storeOf(options: DirectoryImageServiceOptions): Store {
  const checked = plainOptions.safeParse(options);
  if (!checked.success)
    throw new InvalidInput(`The DirectoryImageService cannot be set up: ${z.prettifyError(checked.error)}`, {
      cause: checked.error,
    });
  const { directory, maxBytes } = checked.data;
  return { directory: resolve(directory), maxBytes, logger: usableLogger(options.logger) };
}
