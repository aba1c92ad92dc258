import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { asError } from '../streams/index.js';
import { ArchiveRefused } from './archive-refused.js';
import { decodeXz, decodeZstd, unpackBzip2OnThread, unpackOnThread } from './unpack-on-thread.js';

/** Bytes sent to the thread at once. */
const pieceSize = 64 * 1024;

/** The decoder's module, and the thread's program. */
const decoders = {
  zstd: {
    module: 'zstddec/stream',
    main: `(url) => (${unpackOnThread.toString()})(${decodeZstd.toString()}, url)`,
  },
  xz: {
    module: 'xz-decompress',
    main: `(url) => (${unpackOnThread.toString()})(${decodeXz.toString()}, url)`,
  },
  bzip2: { module: 'seek-bzip', main: unpackBzip2OnThread.toString() },
} as const;

/** Patterns of the decoders' error texts, and the predicate that an error message uses for each. */
const meanings = {
  zstd: [
    [/Incomplete stream/, 'is truncated zstd data'],
    [/./, 'is damaged zstd data, or needs a window of more than 128 MiB to be unpacked'],
  ],
  xz: [
    [
      /error code 4$/,
      'is xz data that needs a dictionary of more than 64 MiB to be unpacked: compress it with at most "xz -9"',
    ],
    [
      /error code 6$/,
      'is xz data with a filter or a check that is not supported: compress it without the options --check, --x86 and the like of xz',
    ],
    [/error code 8$/, 'is truncated xz data'],
    [/./, 'is damaged xz data'],
  ],
  bzip2: [
    [/truncated/, 'is truncated bzip2 data'],
    [/too many streams/, 'is bzip2 data of thousands of tiny streams'],
    [/./, 'is damaged bzip2 data'],
  ],
} as const;

/**
 * Decompresses zstd, xz or bzip2 data, of one or several frames or streams, in a separate thread. The decoders need
 * much CPU time. Those in WebAssembly never release memory; one also leaks what it holds when its reader stops early.
 * All of that ends with the thread. The caller must destroy it.
 */
export class UnpackThread {
  readonly #what: string;
  readonly #type: keyof typeof decoders;
  readonly #worker: Worker;
  /** The number of messages to the thread. A synchronous decoder sleeps until it changes. */
  readonly #sent = new Int32Array(new SharedArrayBuffer(4));
  readonly #unpacked: Buffer[] = [];
  #isHungry = false;
  #isDone = false;
  #failure: Error | undefined;
  /** Wakes `#until` when the thread posts a message or fails. */
  #wake: () => void = () => undefined;

  /** @param what - names the data in error messages, as the start of a predicate: `has the layer "a", which`. */
  constructor(what: string, type: keyof typeof decoders) {
    this.#what = what;
    this.#type = type;
    const { module, main } = decoders[type];
    const url = pathToFileURL(createRequire(import.meta.url).resolve(module)).href;
    this.#worker = new Worker(`(${main})(${JSON.stringify(url)})`, { eval: true, workerData: this.#sent });
    this.#worker.on('message', (message: unknown) => {
      this.#take(message);
      this.#wake();
    });
    const onFailure = (error: unknown): void => {
      this.#failure ??= asError(error);
      this.#wake();
    };
    this.#worker.on('error', onFailure);
    this.#worker.on('exit', () => {
      if (!this.#isDone) onFailure(new Error('the thread that unpacks an archive has ended'));
    });
  }

  /** @see Unpacking.unpack */
  async *unpack(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < chunk.length; at += pieceSize) {
      yield* this.#until(() => this.#isHungry);
      this.#isHungry = false;
      const piece = Uint8Array.from(chunk.subarray(at, at + pieceSize));
      this.#send(piece, [piece.buffer]);
    }
  }

  /** @see Unpacking.finish */
  async *finish(): AsyncGenerator<Buffer, void, void> {
    yield* this.#until(() => this.#isHungry);
    this.#send('end');
    yield* this.#until(() => this.#isDone);
  }

  destroy(): void {
    void this.#worker.terminate();
  }

  #send(message: Uint8Array | 'end' | 'more', moved: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, moved);
    Atomics.add(this.#sent, 0, 1);
    Atomics.notify(this.#sent, 0);
  }

  #take(message: unknown): void {
    if (message instanceof Uint8Array)
      this.#unpacked.push(Buffer.from(message.buffer, message.byteOffset, message.length));
    else if (message === 'hungry') this.#isHungry = true;
    else if (message === 'done') this.#isDone = true;
    else this.#failure ??= this.#refused(String(message));
  }

  #refused(words: string): ArchiveRefused {
    const meaning = meanings[this.#type].find(([pattern]) => pattern.test(words))?.[1] ?? 'is damaged';
    return new ArchiveRefused(`${this.#what} ${meaning}`, new Error(words));
  }

  /**
   * Yields decompressed data until a condition holds. Back-pressure: the thread produces the next piece only after
   * `more`.
   */
  async *#until(isSo: () => boolean): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      for (let piece = this.#unpacked.shift(); piece !== undefined; piece = this.#unpacked.shift()) {
        this.#send('more');
        yield piece;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
