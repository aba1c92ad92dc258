import { Readable } from 'node:stream';
import { MiB } from '../../common/index.js';
import type { ImageData } from '../../image-services/index.js';
import { readAll } from '../../streams/index.js';
import { type Extent, IndexUnusable } from './archive-index.js';

/** Maximum of requests and bytes for reading an index. Beyond it, fetching the whole image is cheaper. */
const maxRequests = 160;
const maxReadBytes = 16 * MiB;

/** Minimum size of a request in bytes, so that one request covers headers that lie close together. */
const windowSize = 16 * 1024;

interface Window {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Reads ranges of an image's data: small ones into memory, up to a limit, and large ones as streams. */
export class ImageRanges {
  readonly #data: ImageData;
  readonly #size: number;
  readonly #signal: AbortSignal;
  readonly #windows: Window[] = [];
  #read = 0;

  /**
   * @param size - size of the image in bytes.
   * @param signal - aborts reads into memory.
   */
  constructor(data: ImageData, size: number, signal: AbortSignal) {
    this.#data = data;
    this.#size = size;
    this.#signal = signal;
  }

  /**
   * Reads bytes into memory, or copies them from an earlier read.
   *
   * @throws IndexUnusable when the range lies outside the image, the service returns another number of bytes, or a
   * limit is exceeded.
   * @throws the image service's error.
   */
  async read({ offset, size }: Extent): Promise<Buffer> {
    this.#validateExtent({ offset, size });
    const end = offset + size;
    const known = this.#windows.find(
      (window) => window.offset <= offset && end <= window.offset + window.bytes.length,
    );
    if (known !== undefined) return known.bytes.subarray(offset - known.offset, end - known.offset);
    const wanted = Math.min(Math.max(size, windowSize), this.#size - offset);
    this.#read += wanted;
    if (this.#windows.length >= maxRequests || this.#read > maxReadBytes)
      throw new IndexUnusable('reading its index takes too many requests');
    const bytes = await readAll(await this.#open({ offset, size: wanted }, this.#signal), wanted);
    if (bytes.length !== wanted)
      throw new IndexUnusable(`${wanted} bytes were requested, but ${bytes.length} arrived`);
    this.#windows.push({ offset, bytes });
    return bytes.subarray(0, size);
  }

  /**
   * Opens a range as a stream, which the caller must read or destroy. The caller must also count its bytes: the service
   * may send more or fewer.
   *
   * @throws IndexUnusable when the range lies outside the image.
   * @throws the image service's error.
   */
  async stream(extent: Extent, signal: AbortSignal): Promise<Readable> {
    // HTTP cannot express an empty range.
    if (extent.size === 0) return Readable.from([], { objectMode: false });
    this.#validateExtent(extent);
    return await this.#open(extent, signal);
  }

  async #open({ offset, size }: Extent, signal: AbortSignal): Promise<Readable> {
    const range = { first: offset, last: offset + size - 1 };
    return await this.#data.download({ range, signal });
  }

  #validateExtent({ offset, size }: Extent): void {
    if (size < 1 || offset + size > this.#size)
      throw new IndexUnusable(
        `bytes ${offset} to ${offset + size} do not lie within the ${this.#size} of the image`,
      );
  }
}
