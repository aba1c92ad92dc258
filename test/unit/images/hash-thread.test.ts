import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HashThread } from '../../../lib/images/image-service/hash-thread.js';

describe('a hash on a thread of its own', () => {
  let thread: HashThread;
  beforeEach(() => {
    thread = new HashThread('sha512');
  });
  afterEach(() => thread.close());

  it.each([
    ['nothing', []],
    ['less than a block', [1]],
    ['pieces of all sizes', [1, 65536, 3, 1024 * 1024, 5 * 1024 * 1024 + 7, 999]],
    ['many blocks', Array.from({ length: 40 }, () => 1024 * 1024)],
  ])('is that of %s', async (_what, sizes: readonly number[]) => {
    const expected = createHash('sha512');
    for (const size of sizes) {
      const piece = randomBytes(size);
      expected.update(piece);
      await thread.update(piece);
      // Whoever gave the bytes may use them for something else.
      piece.fill(0);
    }
    await expect(thread.digest()).resolves.toBe(expected.digest('hex'));
  });

  it('lets nobody wait for a thread that was ended', async () => {
    const waiting = thread.update(Buffer.alloc(512 * 1024 * 1024));
    thread.close();
    await expect(waiting).rejects.toThrow('has ended');
    await expect(thread.digest()).rejects.toThrow('has ended');
  });
});
