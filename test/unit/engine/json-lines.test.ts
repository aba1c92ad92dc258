import { Readable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';

import { EngineProtocolError, TruncatedStream } from '../../../lib/engine/index.js';
import { jsonLines, maxLineBytes } from '../../../lib/engine/json-lines.js';

async function read(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(Readable.from(chunks), 'the stream')) values.push(value);
  return values;
}

describe('jsonLines', () => {
  const text = '{"a":"žluťoučký 🦄"}\n{"b":[1,2]}\r\n\n{"c":null}\n';
  const values = [{ a: 'žluťoučký 🦄' }, { b: [1, 2] }, { c: null }];

  it('reads the same values wherever the chunks end, even within a character', async () => {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(await read(chunks)).toEqual(values);
    }
  });

  it('accepts a complete last line without a newline', async () => {
    expect(await read([Buffer.from('{"a":1}\n{"b":2}')])).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('yields nothing for an empty stream', async () => {
    expect(await read([])).toEqual([]);
  });

  it('fails with TruncatedStream when the last line is incomplete', async () => {
    await expect(read([Buffer.from('{"a":1}\n{"b":')])).rejects.toBeInstanceOf(TruncatedStream);
  });

  it('fails with TruncatedStream when the connection breaks', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a":1}\n');
      await Promise.resolve();
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    await expect(read(broken())).rejects.toBeInstanceOf(TruncatedStream);
  });

  it('refuses a line that is not JSON', async () => {
    await expect(read([Buffer.from('oops\n{}\n')])).rejects.toBeInstanceOf(EngineProtocolError);
  });

  it('refuses an endless line before it fills the memory', async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      for (;;) {
        given += 65536;
        yield Buffer.alloc(65536, 0x20);
      }
    }
    await expect(read(endless())).rejects.toBeInstanceOf(EngineProtocolError);
    expect(given).toBeLessThan(maxLineBytes * 2);
  });

  it('destroys the source when its reader leaves the loop', async () => {
    const source = Readable.from([Buffer.from('{}\n{}\n'), Buffer.from('{}\n')]);
    for await (const value of jsonLines(source, 'the stream')) {
      expect(value).toEqual({});
      break;
    }
    expect(source.destroyed).toBe(true);
  });
});
