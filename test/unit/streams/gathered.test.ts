import { describe, expect, it } from '@jest/globals';
import { gathered } from '../../../lib/streams/index.js';

async function gather(pieces: readonly Buffer[]): Promise<Buffer[]> {
  async function* one(): AsyncGenerator<Buffer, void, void> {
    for (const piece of pieces) yield await Promise.resolve(piece);
  }
  const result: Buffer[] = [];
  for await (const piece of gathered(one())) result.push(Buffer.from(piece));
  return result;
}

describe('gathered', () => {
  it('merges many small pieces into few, in their order', async () => {
    const pieces = Array.from({ length: 1000 }, (_, index) => Buffer.alloc(512, index));
    const result = await gather(pieces);
    expect(Buffer.concat(result).equals(Buffer.concat(pieces))).toBe(true);
    expect(result.length).toBeLessThan(10);
  });

  it('passes a large piece through unchanged, after those before it', async () => {
    const pieces = [Buffer.from('a'), Buffer.alloc(100_000, 1), Buffer.from('b'), Buffer.alloc(65_536, 2)];
    const result = await gather(pieces);
    expect(result.map(({ length }) => length)).toEqual([1, 100_000, 1, 65_536]);
    expect(Buffer.concat(result).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('yields nothing for an empty source', async () => {
    expect(await gather([])).toEqual([]);
  });
});
