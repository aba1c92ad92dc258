import { join } from 'node:path';
import { ImageUnacceptable, type Logger } from '../../../interfaces/index.js';
import { Verification, type ImageData, type ShownImage } from '../../image-services/index.js';
import { asError } from '../../streams/index.js';
import { FileServer, SharedFileUnusable } from './file-server.js';
import { openSharedFile, type SharedFile } from './shared-file.js';

/** Ids that are one name in a directory, and nothing but that. */
const plainName = /^\w[\w.-]*$/;

/**
 * A directory of image files, each named by the image's id, from which images come faster than from the image service:
 * nova-docker's `shared_directory`. It knows no owners: whom an image may be given to, and what its data must be, is
 * for the image service to say.
 */
export class SharedDirectory {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #server: FileServer;

  /**
   * @param directory - an absolute path.
   * @param server - whoever keeps it.
   */
  constructor(directory: string, logger: Logger, server = new FileServer()) {
    this.#directory = directory;
    this.#logger = logger;
    this.#server = server;
  }

  /**
   * Works with the file of an image, which is closed afterwards.
   *
   * @param record - the image as the image service shows it to whoever wants it.
   * @param work - is to fail when it finds that the data is not what it must be, and leave nothing behind then.
   * @returns undefined when there is no such file, or it is of no use, which the log tells: the data must come from the
   * image service.
   * @throws what the work fails with for other reasons than the data; the signal's reason when that aborts.
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
      this.#logger.debug('the shared directory is not asked for an image without a hash', { image_id });
      return undefined;
    }
    if (this.#server.isSilent) {
      this.#logger.warn('the shared directory is not asked: it owes an answer', { image_id, path });
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
      // Of data that was not read to its end the image may say as well what is wrong with it: then the image service's
      // data says so, too.
      if (!(error instanceof SharedFileUnusable || error instanceof ImageUnacceptable)) throw error;
      this.#logger.warn(
        'the file of an image in the shared directory is of no use: the image service is asked',
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

  /** A file that is opened after all, when nobody waits for it any more, is closed. */
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
   * Waits until the file is closed, unless the work was aborted or the server is silent: a piece that is being read is
   * waited for.
   */
  async #close(file: SharedFile, path: string, signal: AbortSignal): Promise<void> {
    const isAwaited = !signal.aborted && !this.#server.isSilent;
    const closing = this.#server.answer(file.close()).catch((error: unknown) => {
      this.#logger.warn('a file of the shared directory could not be closed', {
        path,
        error: asError(error),
      });
    });
    if (isAwaited) await closing;
  }
}
