import { isDeepStrictEqual } from 'node:util';
import { asBytes } from '../../streams/index.js';
import { blockSize, paddingAfter } from '../archive/index.js';
import { parsedImageManifest } from './manifests.js';

const longestManifest = 4 * 1024 * 1024;
const mostBytes = 16 * 1024 * 1024;
const openingBrace = '{'.charCodeAt(0);

/**
 * Watches an archive flow by and keeps what could be a registry's manifest in it: a small file of JSON. It is no reader
 * of archives, and gives up on whatever is not plain; what it finds is believed only for what it says of parts that
 * have been verified.
 */
export class ManifestWatch {
  readonly #found: Buffer[] = [];
  #kept = 0;
  #header = Buffer.alloc(0);
  #file: Buffer[] | undefined;
  #left = 0;
  #padding = 0;
  #hasGivenUp = false;

  /** Passes an archive on as it is. */
  async *watch(source: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of source) {
      const bytes = asBytes(chunk);
      this.#take(bytes);
      yield bytes;
    }
  }

  /** The manifest of exactly these parts, where the archive has one. */
  manifestOf(
    config: string,
    layers: readonly string[],
  ): { readonly mediaType: string | undefined; readonly content: Buffer } | undefined {
    for (const content of this.#found) {
      const manifest = parsedImageManifest(content);
      if (manifest?.config.digest !== config) continue;
      const named = manifest.layers.map(({ digest }) => digest);
      if (isDeepStrictEqual(named, layers)) return { mediaType: manifest.mediaType, content };
    }
    return undefined;
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#hasGivenUp) {
      if (this.#left > 0) rest = this.#content(rest);
      else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, rest.length);
        this.#padding -= skipped;
        rest = rest.subarray(skipped);
      } else rest = this.#headers(rest);
    }
  }

  #content(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#file?.push(Buffer.from(piece));
    if (this.#left === 0 && this.#file !== undefined) {
      const content = Buffer.concat(this.#file);
      if (content[0] === openingBrace) this.#found.push(content);
      else this.#kept -= content.length;
      this.#file = undefined;
    }
    return bytes.subarray(piece.length);
  }

  #headers(bytes: Buffer): Buffer {
    const missing = blockSize - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === blockSize) {
      this.#begin(this.#header);
      this.#header = Buffer.alloc(0);
    }
    return bytes.subarray(missing);
  }

  #begin(header: Buffer): void {
    const size = sizeIn(header);
    if (header.toString('latin1', 257, 262) !== 'ustar' || size === undefined) {
      this.#hasGivenUp = true;
      return;
    }
    this.#left = size;
    this.#padding = paddingAfter(size);
    const isFile = header[156] === 0 || header[156] === '0'.charCodeAt(0);
    if (!isFile || size === 0 || size > longestManifest || this.#kept + size > mostBytes) return;
    this.#kept += size;
    this.#file = [];
  }
}

/** Octal digits, or a number in binary when the first bit is set. */
function sizeIn(header: Buffer): number | undefined {
  if (header[124] === 0x80) return Number(header.readBigUInt64BE(128));
  const digits = /^ *([0-7]+)[ \0]*$/.exec(header.toString('latin1', 124, 136))?.[1];
  return digits === undefined ? undefined : parseInt(digits, 8);
}
