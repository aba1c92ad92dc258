import type { FileHandle } from 'node:fs/promises';
import { ImageUnacceptable, type ByteRange } from '../../../interfaces/index.js';
import type { ByteSource } from '../../streams/index.js';
import type { Meter } from '../../progress/index.js';
import type { Verification } from './digest.js';

/** Bytes per read. A larger buffer than the 64 KiB of Node's streams needs fewer round trips to the thread pool. */
const pieceSize = 512 * 1024;

/** Reads the bytes of a file from `first` to `last`, both included. */
export class FileBytes implements ByteSource {
  readonly reusesBuffer = true;
  readonly #memory: Buffer;
  readonly #handle: FileHandle;
  readonly #range: ByteRange;
  readonly #meter: Meter;
  readonly #verification: Verification | undefined;
  #position: number;

  /** @param verification - verifies the bytes; undefined for a part of an image. */
  constructor(handle: FileHandle, range: ByteRange, meter: Meter, verification: Verification | undefined) {
    this.#handle = handle;
    this.#range = range;
    this.#meter = meter;
    this.#verification = verification;
    this.#position = range.first;
    this.#memory = Buffer.allocUnsafe(Math.min(pieceSize, range.last + 1 - range.first));
  }

  /** @throws ImageUnacceptable when the file is too short or its data does not match the record. */
  async next(): Promise<Uint8Array | undefined> {
    const left = this.#range.last + 1 - this.#position;
    const wanted = Math.min(this.#memory.length, left);
    const { bytesRead } = await this.#handle.read(this.#memory, 0, wanted, this.#position);
    if (bytesRead === 0) {
      this.#end(left);
      return undefined;
    }
    const bytes = this.#memory.subarray(0, bytesRead);
    this.#position += bytesRead;
    this.#verification?.update(bytes);
    this.#meter.add(bytesRead);
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #end(left: number): void {
    this.#verification?.end();
    if (left > 0)
      throw new ImageUnacceptable(`The data ends at byte ${this.#position}, ${left} bytes early.`);
    this.#meter.end();
  }
}
