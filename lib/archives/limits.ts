import { ArchiveRefused } from './archive-refused.js';

/** What an image may be at most. */
export interface ImageLimits {
  /** Bytes of the archive, plus those that its compressed layers unpack to. Default: 64 GiB. */
  readonly maxBytes: number;
  /** Entries of the archive, headers that describe others included. Default: 4096. */
  readonly maxEntries: number;
  /** Bytes of the manifest, and of the configuration. Default: 4 MiB. */
  readonly maxMetadataBytes: number;
  /**
   * Default: 500, the most that Linux stacks. Engines with a classic image store stack 125: what has more is for other
   * hosts.
   */
  readonly maxLayers: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** What holds unless the operator says otherwise. */
export const defaultImageLimits: ImageLimits = {
  maxBytes: 64 * GiB,
  maxEntries: 4096,
  maxMetadataBytes: 4 * MiB,
  maxLayers: 500,
};

/** Bytes of the longest name that file systems allow. */
export const longestName = 4 * KiB;

/**
 * Bytes of a header that describes another entry. It may hold extended attributes of 64 KiB each; newer engines read no
 * more than this (Go 1.19).
 */
export const longestExtendedHeader = 1024 * KiB;

/** @throws ArchiveRefused when an image has more layers than are allowed. */
export function mustNotExceed(layers: number, maxLayers: number): void {
  if (layers > maxLayers)
    throw new ArchiveRefused(`has ${layers} layers, which is more than the ${maxLayers} allowed`);
}

/** Counts bytes against a limit. */
export class ByteBudget {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether more was spent than there is. */
  get isExceeded(): boolean {
    return this.#spent > this.#limit;
  }

  /** @throws ArchiveRefused when the limit is exceeded. */
  spend(bytes: number): void {
    this.#spent += bytes;
    this.#mustHold(this.#spent);
  }

  /**
   * Looks ahead, so that what cannot fit is refused before it is read.
   *
   * @throws ArchiveRefused when so many more bytes would exceed the limit.
   */
  mustFit(bytes: number): void {
    this.#mustHold(this.#spent + bytes);
  }

  #mustHold(bytes: number): void {
    if (bytes > this.#limit) throw new ArchiveRefused(`is larger than the ${this.#limit} bytes allowed`);
  }
}
