import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ImageUnacceptable } from '../../../interfaces/index.js';
import { rewriteArchive } from '../../../lib/archives/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { buildImageArchive, padded, rawHeader } from '../../support/archives.js';

const MiB = 1024 * 1024;

/** An archive with one layer of so many bytes, made while it is read. */
function generated(size: number): { readonly source: Readable; readonly given: () => number } {
  const piece = Buffer.alloc(64 * 1024, 'the same again and again ');
  const content = size - 512;
  const layer = function* (): Generator<Buffer> {
    yield rawHeader({ name: 'file', size: content });
    for (let left = content; left > 0; left -= piece.length) yield piece.subarray(0, left);
  };
  const hash = createHash('sha256');
  for (const chunk of layer()) hash.update(chunk);
  const configuration = JSON.stringify({
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash.digest('hex')}`] },
  });
  const manifest = JSON.stringify([{ Config: 'config', Layers: ['layer'] }]);
  let given = 0;
  const archive = function* (): Generator<Buffer> {
    yield rawHeader({ name: 'layer', size });
    for (const chunk of layer()) {
      given += chunk.length;
      yield chunk;
    }
    yield Buffer.concat([rawHeader({ name: 'config', size: configuration.length }), padded(configuration)]);
    yield Buffer.concat([rawHeader({ name: 'manifest.json', size: manifest.length }), padded(manifest)]);
    yield Buffer.alloc(1024);
  };
  return { source: Readable.from(archive(), { objectMode: false }), given: () => given };
}

/** A source that gives these bytes and then waits for ever. */
function stalling(bytes: Buffer): Readable {
  const source = new Readable({ read: () => undefined });
  source.push(bytes);
  return source;
}

/** A source that gives these bytes and then fails. */
function failing(bytes: Buffer, error: Error): Readable {
  return Readable.from(
    (function* () {
      yield bytes;
      throw error;
    })(),
    { objectMode: false },
  );
}

const opened: Readable[] = [];
function rewriting(
  source: Readable,
  options: { readonly signal?: AbortSignal } = {},
): ReturnType<typeof rewriteArchive> {
  const result = rewriteArchive(source, { subject: 'Image 1', ...options });
  opened.push(source, result.archive);
  return result;
}

describe('rewriteArchive as a stream', () => {
  afterEach(() => {
    // Whatever happened, nothing of it is left open.
    for (const stream of opened.splice(0)) expect(stream.destroyed).toBe(true);
  });

  it('holds only a few MiB of a 512 MiB archive in memory', async () => {
    const { source } = generated(512 * MiB);
    const { archive } = rewriting(source);
    const { rss } = process.memoryUsage();
    let most = 0;
    let bytes = 0;
    for await (const chunk of archive) {
      bytes += Buffer.isBuffer(chunk) ? chunk.length : NaN;
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(bytes).toBeGreaterThan(512 * MiB);
    expect(most - rss).toBeLessThan(96 * MiB);
  });

  it('reads no further ahead of its reader than a few MiB', async () => {
    const { source, given } = generated(64 * MiB);
    const { archive } = rewriting(source);
    await once(archive, 'readable');
    for (let count = 0; count < 1000; count += 1) await turn();
    expect(given()).toBeLessThan(4 * MiB);
    archive.destroy();
    await once(archive, 'close');
  });

  it("fails with its source's own error, even after the last byte", async () => {
    const good = await buildImageArchive();
    const errors = [new ImageUnacceptable('the hash differs'), new Error('connection lost')];
    for (const error of errors) {
      for (const bytes of [good, good.subarray(0, 3000), Buffer.alloc(0)]) {
        const { archive, image } = rewriting(failing(bytes, error));
        await expect(readAll(archive, Infinity)).rejects.toBe(error);
        await expect(image).rejects.toBe(error);
      }
    }
  });

  it('writes no manifest before its source has ended', async () => {
    const { archive } = rewriting(stalling(await buildImageArchive()));
    const seen: Buffer[] = [];
    archive.on('data', (chunk: Buffer) => seen.push(chunk));
    for (let count = 0; count < 1000; count += 1) await turn();
    expect(seen.length).toBeGreaterThan(0);
    expect(Buffer.concat(seen).includes('manifest.json')).toBe(false);
    archive.destroy();
    await once(archive, 'close');
  });

  it("aborts with the signal's reason while its source is silent", async () => {
    const controller = new AbortController();
    const source = stalling((await buildImageArchive()).subarray(0, 3000));
    const { archive, image } = rewriting(source, { signal: controller.signal });
    const reading = readAll(archive, Infinity);
    const reason = new Error('not wanted any more');
    setImmediate(() => {
      controller.abort(reason);
    });
    await expect(reading).rejects.toBe(reason);
    await expect(image).rejects.toBe(reason);
  });

  it('does not start if its signal has already aborted', async () => {
    const reason = new Error('not wanted');
    const { archive } = rewriting(stalling(Buffer.alloc(0)), { signal: AbortSignal.abort(reason) });
    await expect(readAll(archive, Infinity)).rejects.toBe(reason);
  });

  it('destroys its source when its reader stops', async () => {
    const source = stalling((await buildImageArchive()).subarray(0, 4200));
    const { archive, image } = rewriting(source);
    await once(archive, 'readable');
    archive.destroy();
    await expect(image).rejects.toThrow();
    expect(source.destroyed).toBe(true);
  });

  it('leaves no listener on its signal', async () => {
    const controller = new AbortController();
    const counted = { listeners: 0 };
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>): void => {
      counted.listeners += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>): void => {
      counted.listeners -= 1;
      remove(...parameters);
    };
    const { archive } = rewriting(Readable.from([await buildImageArchive()]), { signal });
    await readAll(archive, Infinity);
    expect(counted.listeners).toBe(0);
  });
});
