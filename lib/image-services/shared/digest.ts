import { createHash, getHashes, type Hash } from 'node:crypto';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ShownImage } from './record.js';

/** The fields of a record that describe the image's data. */
type DescribedData = Pick<ShownImage, 'id' | 'size' | 'checksum' | 'os_hash_algo' | 'os_hash_value'>;

/** Counts and hashes bytes. */
export class Digest {
  readonly #hashes: ReadonlyMap<string, Hash>;
  #size = 0;

  /** @param algorithms - hash names that `node:crypto` supports. */
  constructor(algorithms: readonly string[]) {
    this.#hashes = new Map(algorithms.map((algorithm) => [algorithm, createHash(algorithm)]));
  }

  /** Number of bytes so far. */
  get size(): number {
    return this.#size;
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    for (const hash of this.#hashes.values()) hash.update(bytes);
  }

  /**
   * @returns the hash of the bytes so far, in hexadecimal; undefined for an algorithm that the constructor did not get.
   */
  value(algorithm: string): string | undefined {
    return this.#hashes.get(algorithm)?.copy().digest('hex');
  }
}

/** The expected size and hash of an image's data; null where the record has none. */
interface Expectation {
  readonly size: number | null;
  readonly algorithm: string | null;
  readonly value: string | null;
}

/**
 * The strongest hash of the record that this Node.js can compute: `os_hash_value` if possible, else the MD5 checksum.
 */
function expectationOf(record: DescribedData): Expectation {
  const { size, os_hash_algo: algorithm, os_hash_value: value, checksum } = record;
  if (algorithm !== null && value !== null && getHashes().includes(algorithm))
    return { size, algorithm, value };
  return checksum === null
    ? { size, algorithm: null, value: null }
    : { size, algorithm: 'md5', value: checksum };
}

/** Verifies an image's data against its record while the data streams. */
export class Verification {
  readonly #record: DescribedData;
  readonly #expected: Expectation;
  readonly #hash: Hash | undefined;
  #size = 0;

  constructor(record: DescribedData) {
    this.#record = record;
    this.#expected = expectationOf(record);
    const { algorithm } = this.#expected;
    if (algorithm !== null) this.#hash = createHash(algorithm);
  }

  /**
   * False if the record has no hash that this Node.js can compute. Then only the size is verified, if it is on record.
   */
  get isByHash(): boolean {
    return this.#hash !== undefined;
  }

  /** @throws ImageUnacceptable when there are more bytes than the record's `size`. */
  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const { size } = this.#expected;
    if (size !== null && this.#size > size) this.#refuse(`more than the ${size} bytes on record`);
    this.#hash?.update(bytes);
  }

  /**
   * Finishes the verification. Do not call {@link Verification.update} afterwards.
   *
   * @throws ImageUnacceptable when there are too few bytes or their hash differs from the record.
   */
  end(): void {
    const { size, algorithm, value } = this.#expected;
    if (size !== null && this.#size < size) this.#refuse(`${this.#size} bytes of the ${size} on record`);
    const found = this.#hash?.digest('hex');
    if (found !== undefined && found !== value)
      this.#refuse(`${algorithm ?? ''} ${found} where ${value ?? ''} is on record`);
  }

  #refuse(found: string): never {
    throw new ImageUnacceptable(`The data of image ${this.#record.id} is damaged: ${found}.`);
  }
}
