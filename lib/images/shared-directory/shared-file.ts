import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  ImageUnacceptable,
  type ByteRange,
  type DownloadOptions,
  type OnProgress,
} from '../../../interfaces/index.js';
import {
  clip,
  FileBytes,
  Verification,
  type ImageData,
  type ShownImage,
} from '../../image-services/index.js';
import { Meter } from '../../progress/index.js';
import { asError, codeOf, readableOf, type ByteSource } from '../../streams/index.js';
import { type FileServer, SharedFileUnusable } from './file-server.js';

/**
 * Opens a file that should hold an image's data. Follows symbolic links: the operator controls the directory and
 * chooses their targets.
 *
 * @returns undefined when the file does not exist.
 * @throws SharedFileUnusable when it is not a regular file, its size differs from the record, or it cannot be opened.
 */
export async function openSharedFile(
  path: string,
  record: ShownImage,
  server: FileServer,
): Promise<SharedFile | undefined> {
  try {
    // Check before opening: opening a device can have side effects.
    if (!(await stat(path)).isFile()) throw new SharedFileUnusable('is not a regular file');
    // O_NONBLOCK: if the file has become a FIFO since, opening it does not wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await checked(handle, record, server);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(error);
  }
}

async function checked(handle: FileHandle, record: ShownImage, server: FileServer): Promise<SharedFile> {
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new SharedFileUnusable('is not a regular file');
    if (record.size !== null && record.size !== stats.size)
      throw new SharedFileUnusable(`has ${stats.size} bytes: ${record.size} are on record`);
    return new SharedFile(handle, record, stats.size, server);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * An open file with an image's data. The handle keeps reading the same file when another one replaces it in the
 * directory.
 */
export class SharedFile implements ImageData {
  /** Any writer of the directory can change the file between two reads. */
  readonly isBelieved = false;
  readonly #handle: FileHandle;
  readonly #record: ShownImage;
  readonly #size: number;
  readonly #server: FileServer;

  constructor(handle: FileHandle, record: ShownImage, size: number, server: FileServer) {
    this.#handle = handle;
    this.#record = record;
    this.#size = size;
    this.#server = server;
  }

  /** The stream fails with SharedFileUnusable when the data does not match the record or a read passes its deadline. */
  readonly download = ({ range, signal, onProgress }: DownloadOptions): Promise<Readable> => {
    const part = range === undefined ? this.#whole : clip(range, this.#size);
    return Promise.resolve(readableOf(this.#bytes(part, range === undefined, onProgress), { signal }));
  };

  close(): Promise<void> {
    return this.#handle.close();
  }

  get #whole(): ByteRange {
    return { first: 0, last: this.#size - 1 };
  }

  #bytes(range: ByteRange, isWhole: boolean, onProgress: OnProgress | undefined): SharedBytes {
    const meter = new Meter(onProgress, 'downloading', range.last + 1 - range.first);
    const verification = isWhole ? new Verification(this.#record) : undefined;
    return new SharedBytes(new FileBytes(this.#handle, range, meter, verification), this.#server);
  }
}

/** Bytes of a file that is read several times, so their end does not close the file. */
class SharedBytes implements ByteSource {
  readonly reusesBuffer = true;
  readonly #bytes: FileBytes;
  readonly #server: FileServer;

  constructor(bytes: FileBytes, server: FileServer) {
    this.#bytes = bytes;
    this.#server = server;
  }

  async next(): Promise<Uint8Array | undefined> {
    try {
      return await this.#server.answer(this.#bytes.next());
    } catch (error) {
      throw unusable(error);
    }
  }

  close(): void {
    // No-op: {@link SharedFile.close} closes the file.
  }
}

function unusable(error: unknown): SharedFileUnusable {
  if (error instanceof SharedFileUnusable) return error;
  const { message } = asError(error);
  const why =
    error instanceof ImageUnacceptable
      ? `is not that image's data: ${message}`
      : `cannot be read: ${message}`;
  return new SharedFileUnusable(why, { cause: error });
}
