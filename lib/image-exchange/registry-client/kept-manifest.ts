import { isDeepStrictEqual } from 'node:util';
import { MiB } from '../../common/index.js';
import { asBytes } from '../../streams/index.js';
import {
  ArchiveRefused,
  blockSize,
  isTarHeader,
  maxManifestBytes,
  paddingAfter,
  parsedImageManifest,
  tarHeader,
  type TarHeader,
} from '../../archives/index.js';

const maxKeptBytes = 16 * MiB;
const openingBrace = '{'.charCodeAt(0);

/**
 * Watches an archive pass through and keeps files that could be a registry manifest: small JSON files. It does not
 * parse archives fully and stops at anything unusual. A manifest found is trusted only if it lists exactly the parts
 * that were verified.
 */
export class ManifestWatch {
  readonly #found: Buffer[] = [];
  #kept = 0;
  #header = Buffer.alloc(0);
  #file: Buffer[] | undefined;
  #left = 0;
  #padding = 0;
  #hasGivenUp = false;

  /** Passes an archive through unchanged. */
  async *watch(source: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of source) {
      const bytes = asBytes(chunk);
      this.#take(bytes);
      yield bytes;
    }
  }

  /** The manifest of exactly these parts; undefined when the archive has none. */
  manifestOf(
    config: string,
    layers: readonly string[],
  ): { readonly mediaType: string | null | undefined; readonly content: Buffer } | undefined {
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

  #begin(block: Buffer): void {
    const header = headerIn(block);
    if (header === undefined) {
      this.#hasGivenUp = true;
      return;
    }
    const { size, typeflag } = header;
    this.#left = size;
    this.#padding = paddingAfter(size);
    const isFile = typeflag === '0' || typeflag === '\0';
    if (!isFile || size === 0 || size > maxManifestBytes || this.#kept + size > maxKeptBytes) return;
    this.#kept += size;
    this.#file = [];
  }
}

/** Parses a header block; undefined when it is malformed. */
function headerIn(block: Buffer): TarHeader | undefined {
  if (!isTarHeader(block)) return undefined;
  try {
    return tarHeader(block);
  } catch (error) {
    if (error instanceof ArchiveRefused) return undefined;
    throw error;
  }
}
