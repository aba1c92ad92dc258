import { describe, expect, it } from '@jest/globals';
import {
  reusesBuffer,
  borrowedChunks,
  readableOf,
  readAll,
  type ByteSource,
} from '../../../lib/streams/index.js';

/** A source that yields the given pieces, and counts how often it was closed. */
class Pieces implements ByteSource {
  closed = 0;
  readonly #pieces: (Uint8Array | Error)[];

  constructor(...pieces: (Uint8Array | Error)[]) {
    this.#pieces = pieces;
  }

  next(): Promise<Uint8Array | undefined> {
    const piece = this.#pieces.shift();
    return piece instanceof Error ? Promise.reject(piece) : Promise.resolve(piece);
  }

  close(): void {
    this.closed += 1;
  }
}

/** A source that never answers. */
class Silence implements ByteSource {
  closed = 0;

  next(): Promise<undefined> {
    return new Promise(() => undefined);
  }

  close(): void {
    this.closed += 1;
  }
}

describe('readableOf', () => {
  it('yields the bytes, skips empty pieces, and closes the source once', async () => {
    const source = new Pieces(Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc'), Buffer.alloc(0));
    expect((await readAll(readableOf(source), 10)).toString()).toBe('abc');
    expect(source.closed).toBe(1);
  });

  it('fails with the error of the source, and closes it', async () => {
    const failure = new Error('no more');
    const source = new Pieces(Buffer.from('a'), failure);
    await expect(readAll(readableOf(source), 10)).rejects.toBe(failure);
    expect(source.closed).toBe(1);
  });

  it('closes the source when its reader leaves during a read', async () => {
    const source = new Silence();
    const stream = readableOf(source);
    stream.resume();
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(source.closed).toBe(1);
  });

  it('closes the source when the stream is destroyed before a read', async () => {
    const source = new Silence();
    const stream = readableOf(source);
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(source.closed).toBe(1);
  });

  it("fails with the signal's reason, and closes the source", async () => {
    const abort = new AbortController();
    const source = new Silence();
    const outcome = readAll(readableOf(source, { signal: abort.signal }), 10);
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect(source.closed).toBe(1);
  });

  it('ignores a signal that aborts after the end', async () => {
    const abort = new AbortController();
    const stream = readableOf(new Pieces(Buffer.from('a')), { signal: abort.signal });
    await readAll(stream, 10);
    abort.abort();
    expect(stream.errored).toBeNull();
  });
});

/** A source that yields one letter after another, in the same memory. */
class Lender implements ByteSource {
  readonly reusesBuffer = true;
  closed = 0;
  readonly #letters: string[];
  readonly #memory = Buffer.alloc(1);

  constructor(letters: string) {
    this.#letters = Array.from(letters);
  }

  next(): Promise<Uint8Array | undefined> {
    const letter = this.#letters.shift();
    if (letter === undefined) return Promise.resolve(undefined);
    this.#memory.write(letter);
    return Promise.resolve(this.#memory);
  }

  close(): void {
    this.closed += 1;
  }
}

describe('a source that reuses its memory', () => {
  it('is copied for readers of the stream', async () => {
    const source = new Lender('hello');
    const pieces: unknown[] = [];
    for await (const piece of readableOf(source)) pieces.push(piece);
    expect(pieces.map(String).join('')).toBe('hello');
    expect(source.closed).toBe(1);
  });

  it('is read without a copy through borrowedChunks', async () => {
    const source = new Lender('hello');
    const stream = readableOf(source);
    expect(reusesBuffer(stream)).toBe(true);
    const pieces = new Set<unknown>();
    let text = '';
    for await (const piece of borrowedChunks(stream)) {
      pieces.add(piece);
      text += String(piece);
    }
    expect(text).toBe('hello');
    expect(pieces.size).toBe(1);
    expect(stream.readableEnded).toBe(true);
    expect(source.closed).toBe(1);
  });

  it('rejects a pending read when the stream is destroyed, even if the source never answers', async () => {
    const source = new Silence();
    const stream = readableOf(source);
    const reason = new Error('enough');
    const reading = borrowedChunks(stream)[Symbol.asyncIterator]().next();
    stream.destroy(reason);
    await expect(reading).rejects.toBe(reason);
    expect(source.closed).toBe(1);
  });

  it('is closed when its reader leaves', async () => {
    const source = new Lender('hello');
    for await (const piece of borrowedChunks(readableOf(source))) {
      expect(String(piece)).toBe('h');
      break;
    }
    expect(source.closed).toBe(1);
  });
});
