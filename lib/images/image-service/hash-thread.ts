import { Worker } from 'node:worker_threads';
import { asError } from '../../streams/index.js';

/** Bytes that go to the thread at once, and how many such blocks there are: what is read ahead of the hash. */
const blockSize = 1024 * 1024;
const blocks = 4;

/**
 * A hash that a thread of its own computes: of all that happens to an image on its way, hashing takes the most time, and it need not hold up
 * the rest. Its owner must close it.
 */
export class HashThread {
  readonly #worker: Worker;
  /** Blocks that nobody uses. */
  readonly #free: ArrayBuffer[] = Array.from({ length: blocks }, () => new ArrayBuffer(blockSize));
  #block: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #failure: Error | undefined;
  #value: string | undefined;
  /** Whoever waits for something to come back from the thread. */
  #wake: () => void = () => undefined;

  /** @param algorithm - a name that `node:crypto` knows. */
  constructor(algorithm: string) {
    this.#worker = new Worker(`(${hashOnThread.toString()})()`, { eval: true, workerData: algorithm });
    this.#worker.on('message', (answer: unknown) => {
      if (answer instanceof ArrayBuffer) this.#free.push(answer);
      else if (typeof answer === 'string') this.#value = answer;
      this.#wake();
    });
    const onFailure = (error: unknown): void => {
      this.#failure ??= asError(error);
      this.#wake();
    };
    this.#worker.on('error', onFailure);
    this.#worker.on('exit', () => onFailure(new Error('the thread that computes a hash has ended')));
  }

  /** Hashes some more bytes; waits while the thread is too far behind. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#block ??= await this.#freeBlock();
      const piece = bytes.subarray(at, at + blockSize - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === blockSize) this.#send();
    }
  }

  /** What the bytes hash to, in hexadecimal. No update can follow. */
  async digest(): Promise<string> {
    this.#send();
    this.#worker.postMessage('end');
    return await this.#until(() => this.#value);
  }

  /** Ends the thread, whatever it does. */
  close(): void {
    void this.#worker.terminate();
  }

  #send(): void {
    if (this.#block === undefined) return;
    const { buffer } = this.#block;
    this.#worker.postMessage({ buffer, length: this.#filled }, [buffer]);
    this.#block = undefined;
    this.#filled = 0;
  }

  async #freeBlock(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#until(() => this.#free.pop()));
  }

  async #until<T>(take: () => T | undefined): Promise<T> {
    for (;;) {
      const found = take();
      if (found !== undefined) return found;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** What the thread does. It is handed over as text, so that no build needs to know of a second entry: it refers to nothing outside of itself. */
function hashOnThread(): void {
  const threads = process.getBuiltinModule('node:worker_threads');
  const { parentPort } = threads;
  const algorithm: unknown = threads.workerData;
  const hash = process.getBuiltinModule('node:crypto').createHash(String(algorithm));
  parentPort?.on('message', (message: 'end' | { buffer: ArrayBuffer; length: number }) => {
    if (message === 'end') {
      parentPort.postMessage(hash.digest('hex'));
      return;
    }
    const { buffer, length } = message;
    hash.update(new Uint8Array(buffer, 0, length));
    parentPort.postMessage(buffer, [buffer]);
  });
}
