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
 * Opens a file that should hold an image's data. Links are followed: what they lead to is the operator's choice, as the
 * directory is.
 *
 * @returns undefined when there is none.
 * @throws SharedFileUnusable when it is no plain file, has another size than the image, or cannot be opened.
 */
export async function openSharedFile(
  path: string,
  record: ShownImage,
  server: FileServer,
): Promise<SharedFile | undefined> {
  try {
    // Looked at before it is opened: a device may do something when that is done.
    if (!(await stat(path)).isFile()) throw new SharedFileUnusable('is not a plain file');
    // Should it have become a FIFO since, this does not wait for somebody to write into it.
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
    if (!stats.isFile()) throw new SharedFileUnusable('is not a plain file');
    if (record.size !== null && record.size !== stats.size)
      throw new SharedFileUnusable(`has ${stats.size} bytes: ${record.size} are on record`);
    return new SharedFile(handle, record, stats.size, server);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** An image's data in a file, open until it is closed: what takes the file's place meanwhile is not read. */
export class SharedFile implements ImageData {
  /** Whoever may write in the directory can change it between two looks. */
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

  /** Fails with SharedFileUnusable where the file does not hold what the record says, or its server is silent. */
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

/** Bytes of a file that is read several times: the file stays open when they end. */
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
    // Closed with the file.
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
