import { describe, expect, it } from '@jest/globals';
import { readableOf, readAll, type ByteSource } from '../../../lib/streams/index.js';

/** A source that gives what it is told, and remembers when it was closed. */
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

describe('a byte source as a stream', () => {
  it('gives its bytes, skips empty pieces and is closed once', async () => {
    const source = new Pieces(Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc'), Buffer.alloc(0));
    expect((await readAll(readableOf(source), 10)).toString()).toBe('abc');
    expect(source.closed).toBe(1);
  });

  it('fails as the source fails, and is closed', async () => {
    const failure = new Error('no more');
    const source = new Pieces(Buffer.from('a'), failure);
    await expect(readAll(readableOf(source), 10)).rejects.toBe(failure);
    expect(source.closed).toBe(1);
  });

  it('is closed when its reader leaves while it is waited for', async () => {
    const source = new Silence();
    const stream = readableOf(source);
    stream.resume();
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(source.closed).toBe(1);
  });

  it('is closed when nobody ever read it', async () => {
    const source = new Silence();
    const stream = readableOf(source);
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(source.closed).toBe(1);
  });

  it("is broken off with the signal's reason", async () => {
    const abort = new AbortController();
    const source = new Silence();
    const outcome = readAll(readableOf(source, abort.signal), 10);
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect(source.closed).toBe(1);
  });

  it('takes no notice of a signal that aborts when it has ended', async () => {
    const abort = new AbortController();
    const stream = readableOf(new Pieces(Buffer.from('a')), abort.signal);
    await readAll(stream, 10);
    abort.abort();
    expect(stream.errored).toBeNull();
  });
});
