import { createHash, getHashes, type Hash } from 'node:crypto';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import type { ShownImage } from './record.js';

/** What a record says of the image's data. */
type DescribedData = Pick<ShownImage, 'id' | 'size' | 'checksum' | 'os_hash_algo' | 'os_hash_value'>;

/** Bytes, counted and hashed as they pass. */
export class Digest {
  readonly #hashes: ReadonlyMap<string, Hash>;
  #size = 0;

  /** @param algorithms - names that `node:crypto` knows. */
  constructor(algorithms: readonly string[]) {
    this.#hashes = new Map(algorithms.map((algorithm) => [algorithm, createHash(algorithm)]));
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    for (const hash of this.#hashes.values()) hash.update(bytes);
  }

  /**
   * What the bytes hash to, in hexadecimal; undefined for an algorithm that was not asked for. No update can follow.
   */
  value(algorithm: string): string | undefined {
    return this.#hashes.get(algorithm)?.copy().digest('hex');
  }
}

/** What an image's data must be. */
interface Expectation {
  readonly size: number | null;
  readonly algorithm: string | null;
  readonly value: string | null;
}

/** The strongest promise about its data that a record makes and this machine can check. */
function expectationOf(record: DescribedData): Expectation {
  const { size, os_hash_algo: algorithm, os_hash_value: value, checksum } = record;
  if (algorithm !== null && value !== null && getHashes().includes(algorithm))
    return { size, algorithm, value };
  return checksum === null
    ? { size, algorithm: null, value: null }
    : { size, algorithm: 'md5', value: checksum };
}

/** Checks an image's data against its record as it passes. */
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

  /** Whether the record has a hash that this machine can compute: if not, at most the size can be checked. */
  get isByHash(): boolean {
    return this.#hash !== undefined;
  }

  /** @throws ImageUnacceptable when there are more bytes than the record says. */
  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    const { size } = this.#expected;
    if (size !== null && this.#size > size) this.#refuse(`more than the ${size} bytes on record`);
    this.#hash?.update(bytes);
  }

  /** @throws ImageUnacceptable when the bytes are too few or the wrong ones. No update can follow. */
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
