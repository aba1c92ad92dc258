import { resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInput, type Logger } from '../../../interfaces/index.js';
import { count, logger, text } from '../../common/index.js';

/** How a {@link DirectoryImageService} is set up. */
export interface DirectoryImageServiceOptions {
  /** The folder that holds the images; made when the first is created, open to its owner only. */
  readonly directory: string;
  /** What an image may be at most. */
  readonly limits?: {
    /** Bytes of data; default: whatever the file system holds. */
    readonly bytes?: number;
  };
  /** Told about leftovers that cannot be removed. */
  readonly logger?: Logger;
}

/** Where images are, and how large they may be. */
export interface Store {
  /** An absolute path. */
  readonly directory: string;
  /** Bytes that an image may have. */
  readonly limit: number;
  readonly logger: Logger | undefined;
}

const plainOptions = z.strictObject({
  directory: text,
  limits: z.strictObject({ bytes: count.default(Number.MAX_SAFE_INTEGER) }).prefault({}),
  logger: logger.optional(),
});

/** @throws InvalidInput naming each option that cannot be used. */
export function storeOf(options: DirectoryImageServiceOptions): Store {
  const checked = plainOptions.safeParse(options);
  if (!checked.success)
    throw new InvalidInput(`The DirectoryImageService cannot be set up: ${z.prettifyError(checked.error)}`, {
      cause: checked.error,
    });
  const { directory, limits } = checked.data;
  return { directory: resolve(directory), limit: limits.bytes, logger: options.logger };
}
