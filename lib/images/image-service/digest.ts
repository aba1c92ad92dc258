import { createHash, getHashes, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ImageUnacceptable, type ImageRecord } from '../../../interfaces/index.js';
import { HashThread } from './hash-thread.js';

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

  /** What the bytes hash to, in hexadecimal; undefined for an algorithm that was not asked for. No update can follow. */
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
function expectationOf(record: ImageRecord): Expectation {
  const { size, os_hash_algo: algorithm, os_hash_value: value, checksum } = record;
  if (algorithm !== null && value !== null && getHashes().includes(algorithm))
    return { size, algorithm, value };
  return checksum === null
    ? { size, algorithm: null, value: null }
    : { size, algorithm: 'md5', value: checksum };
}

/** Bytes from which on it is worth a thread's start to hash elsewhere. */
const large = 64 * 1024 * 1024;

/**
 * Processors that an engine and an image service fill by themselves. With no more than these a thread gains nothing, and costs a quarter of the
 * driver's processor time on top: each byte is copied for it, and V8 collects garbage far more often for the blocks that go to and fro.
 */
const taken = 2;

/** Checks an image's data against its record as it passes. Its owner must close it. */
export class Verification {
  readonly #record: ImageRecord;
  readonly #expected: Expectation;
  /** Made when the first bytes come: whoever made the verification may have no use for it. */
  #hash: Hash | HashThread | undefined;
  #size = 0;
  #isClosed = false;

  constructor(record: ImageRecord) {
    this.#record = record;
    this.#expected = expectationOf(record);
  }

  /** @throws ImageUnacceptable when there are more bytes than the record says. */
  async update(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    const { size, algorithm } = this.#expected;
    if (size !== null && this.#size > size) this.#refuse(`more than the ${size} bytes on record`);
    if (algorithm === null || this.#isClosed) return;
    this.#hash ??= this.#begin(algorithm);
    if (this.#hash instanceof HashThread) await this.#hash.update(bytes);
    else this.#hash.update(bytes);
  }

  /** @throws ImageUnacceptable when the bytes are too few or the wrong ones. */
  async end(): Promise<void> {
    const { size, algorithm, value } = this.#expected;
    if (size !== null && this.#size < size) this.#refuse(`${this.#size} bytes of the ${size} on record`);
    if (algorithm === null || this.#isClosed) return;
    this.#hash ??= createHash(algorithm);
    const found = await (this.#hash instanceof HashThread ? this.#hash.digest() : this.#hash.digest('hex'));
    if (found !== value) this.#refuse(`${algorithm} ${found} where ${value ?? ''} is on record`);
  }

  /** Ends what computes the hash. */
  close(): void {
    this.#isClosed = true;
    if (this.#hash instanceof HashThread) this.#hash.close();
  }

  #begin(algorithm: string): Hash | HashThread {
    const isWorthAThread = (this.#expected.size ?? Infinity) >= large && availableParallelism() > taken;
    return isWorthAThread ? new HashThread(algorithm) : createHash(algorithm);
  }

  #refuse(found: string): never {
    throw new ImageUnacceptable(`The data of image ${this.#record.id} is damaged: ${found}.`);
  }
}
