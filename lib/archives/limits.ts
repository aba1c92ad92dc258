import { GiB, KiB, MiB } from '../common/index.js';
import { ArchiveRefused } from './archive-refused.js';

/** Upper limits for an image archive. A larger archive is refused. */
export interface ImageLimits {
  /**
   * Bytes of the archive, decompressed, plus the bytes that its compressed layers unpack to, plus the holes of sparse
   * files, plus 4 KiB for each file in its layers. Default: 64 GiB.
   */
  readonly maxBytes: number;
  /** Entries of the archive, including extended headers. Default: 4096. */
  readonly maxEntries: number;
  /** Bytes of the manifest, and bytes of the configuration. Default: 4 MiB each. */
  readonly maxMetadataBytes: number;
  /**
   * Layers of the image. Default: 500, the maximum that Linux stacks. An engine with a classic image store stacks only
   * 125; an image with more layers is valid, but needs another host.
   */
  readonly maxLayers: number;
}

/** The default limits. */
export const defaultImageLimits: ImageLimits = {
  maxBytes: 64 * GiB,
  maxEntries: 4096,
  maxMetadataBytes: 4 * MiB,
  maxLayers: 500,
};

/** Characters of the longest name that is accepted: Linux limits a path to 4 KiB. */
export const maxNameLength = 4 * KiB;

/**
 * Bytes of an extended header. It may hold several extended attributes of 64 KiB each. Engines built with Go 1.19 or
 * later read no more than this.
 */
export const maxExtendedHeaderBytes = MiB;

/** @throws ArchiveRefused when an image has more layers than `maxLayers`. */
export function validateLayerLimit(layers: number, maxLayers: number): void {
  if (layers > maxLayers)
    throw new ArchiveRefused(`has ${layers} layers, which is more than the ${maxLayers} allowed`);
}

/**
 * Bytes that an entry of a layer counts, besides its own: an empty file takes an inode and up to a block of the
 * engine's disk.
 */
export const entryBytes = 4 * KiB;

/** Counts bytes against a limit. */
export class ByteBudget {
  readonly #limit: number;
  readonly #what: string;
  #spent = 0;

  /** @param what - says what exceeds the limit, see {@link ArchiveRefused}. */
  constructor(limit: number, what = 'is larger') {
    this.#limit = limit;
    this.#what = what;
  }

  /**
   * Counts bytes.
   *
   * @throws ArchiveRefused when the total exceeds the limit.
   */
  spend(bytes: number): void {
    this.#spent += bytes;
    this.#validateTotal(this.#spent);
  }

  /**
   * Checks a size without counting it, so that oversized content is refused before it is read.
   *
   * @throws ArchiveRefused when that many more bytes would exceed the limit.
   */
  validateRoom(bytes: number): void {
    this.#validateTotal(this.#spent + bytes);
  }

  #validateTotal(bytes: number): void {
    if (bytes > this.#limit) throw new ArchiveRefused(`${this.#what} than the ${this.#limit} bytes allowed`);
  }
}
