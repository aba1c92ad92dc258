import { Readable } from 'node:stream';
import type { ImageData } from '../../image-services/index.js';
import { readAll } from '../../streams/index.js';
import { type Extent, IndexUnusable } from './archive-index.js';

/** Requests that finding out about an image may take, and bytes: more, and the whole image is the better choice. */
const mostRequests = 160;
const mostBytes = 16 * 1024 * 1024;

/** Bytes that are asked for at least: headers that lie close together come with one request. */
const windowSize = 16 * 1024;

interface Window {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Reads parts of an image's data: small ones into memory, a bounded number of them, and large ones as streams. */
export class ImageRanges {
  readonly #data: ImageData;
  readonly #size: number;
  readonly #signal: AbortSignal;
  readonly #windows: Window[] = [];
  #read = 0;

  /**
   * @param size - bytes of the image.
   * @param signal - ends what is read into memory.
   */
  constructor(data: ImageData, size: number, signal: AbortSignal) {
    this.#data = data;
    this.#size = size;
    this.#signal = signal;
  }

  /**
   * Reads some bytes into memory, or takes them from what was read before.
   *
   * @throws IndexUnusable when they lie outside the image, are not what the service gives, or are too many; what the
   * service fails with.
   */
  async read({ offset, size }: Extent): Promise<Buffer> {
    this.#mustLieWithin({ offset, size });
    const end = offset + size;
    const known = this.#windows.find(
      (window) => window.offset <= offset && end <= window.offset + window.bytes.length,
    );
    if (known !== undefined) return known.bytes.subarray(offset - known.offset, end - known.offset);
    const wanted = Math.min(Math.max(size, windowSize), this.#size - offset);
    this.#read += wanted;
    if (this.#windows.length >= mostRequests || this.#read > mostBytes)
      throw new IndexUnusable('its index takes too many requests');
    const bytes = await readAll(await this.#open({ offset, size: wanted }, this.#signal), wanted);
    if (bytes.length !== wanted)
      throw new IndexUnusable(`${wanted} bytes were asked for, and ${bytes.length} came`);
    this.#windows.push({ offset, bytes });
    return bytes.subarray(0, size);
  }

  /**
   * Reads bytes as a stream, which the caller must read or destroy. How many really come is for the caller to count.
   *
   * @throws IndexUnusable when they lie outside the image; what the service fails with.
   */
  async stream(extent: Extent, signal: AbortSignal): Promise<Readable> {
    // An empty layer: no range is.
    if (extent.size === 0) return Readable.from([], { objectMode: false });
    this.#mustLieWithin(extent);
    return await this.#open(extent, signal);
  }

  async #open({ offset, size }: Extent, signal: AbortSignal): Promise<Readable> {
    const range = { first: offset, last: offset + size - 1 };
    return await this.#data.download({ range, signal });
  }

  #mustLieWithin({ offset, size }: Extent): void {
    if (size < 1 || offset + size > this.#size)
      throw new IndexUnusable(
        `bytes ${offset} to ${offset + size} do not lie within the ${this.#size} of the image`,
      );
  }
}
