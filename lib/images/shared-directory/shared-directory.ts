import { join } from 'node:path';
import { ImageUnacceptable, type Logger } from '../../../interfaces/index.js';
import { Verification, type ImageData, type ShownImage } from '../../image-services/index.js';
import { asError } from '../../streams/index.js';
import { FileServer, SharedFileUnusable } from './file-server.js';
import { openSharedFile, type SharedFile } from './shared-file.js';

/** Ids that are a single file name without special meaning. */
const plainName = /^\w[\w.-]*$/;

/**
 * A directory of image files, each named by its image's id, for faster loads than from the image service: nova-docker's
 * `shared_directory`. It knows no owners: the image service decides who may read an image and what its data must be.
 */
export class SharedDirectory {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #server: FileServer;

  /**
   * @param directory - an absolute path.
   * @param server - enforces deadlines on file operations.
   */
  constructor(directory: string, logger: Logger, server = new FileServer()) {
    this.#directory = directory;
    this.#logger = logger;
    this.#server = server;
  }

  /**
   * Runs work with an image's file, then closes the file.
   *
   * @param record - the image as the image service showed it to the requester.
   * @param work - must fail, and roll back, when the data does not match the record.
   * @returns the work's result; undefined when there is no file or it is unusable, which is logged. The caller must
   * then use the image service.
   * @throws the work's error, unless it is about the data.
   * @throws the signal's reason when the signal aborts.
   */
  async use<T>(
    record: ShownImage,
    signal: AbortSignal,
    work: (data: ImageData) => Promise<T>,
  ): Promise<T | undefined> {
    const image_id = record.id;
    if (!plainName.test(image_id)) return undefined;
    const path = join(this.#directory, image_id);
    if (!new Verification(record).isByHash) {
      this.#logger.debug('skipped the shared directory: the image has no hash', { image_id });
      return undefined;
    }
    if (this.#server.isSilent) {
      this.#logger.warn('skipped the shared directory: it has not answered an earlier request', {
        image_id,
        path,
      });
      return undefined;
    }
    try {
      const file = await this.#open(path, record, signal);
      if (file === undefined) {
        this.#logger.debug('the shared directory has no such image', { image_id, path });
        return undefined;
      }
      try {
        return await work(file);
      } finally {
        await this.#close(file, path, signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      // ImageUnacceptable may stem from a bad file that was not read to its end, so its hash is unknown. If the image
      // itself is invalid, loading it from the image service reports the same error.
      if (!(error instanceof SharedFileUnusable || error instanceof ImageUnacceptable)) throw error;
      this.#logger.warn(
        'could not use the file of an image in the shared directory: asking the image service',
        {
          image_id,
          why: error.message,
          path,
          error,
        },
      );
      return undefined;
    }
  }

  /** Closes a file that opens after the caller has stopped waiting. */
  async #open(path: string, record: ShownImage, signal: AbortSignal): Promise<SharedFile | undefined> {
    const opening = openSharedFile(path, record, this.#server);
    try {
      return await this.#server.answer(opening, signal);
    } catch (error) {
      void opening.then(
        (file) => (file === undefined ? undefined : this.#close(file, path, signal)),
        () => undefined,
      );
      throw error;
    }
  }

  /**
   * Waits until the file is closed, unless the work was aborted or an operation is past its deadline: a close waits for
   * a pending read.
   */
  async #close(file: SharedFile, path: string, signal: AbortSignal): Promise<void> {
    const isAwaited = !signal.aborted && !this.#server.isSilent;
    const closing = this.#server.answer(file.close()).catch((error: unknown) => {
      this.#logger.warn('could not close a file of the shared directory', {
        path,
        error: asError(error),
      });
    });
    if (isAwaited) await closing;
  }
}
