import { beforeEach, describe, expect, it } from '@jest/globals';
import PQueue from 'p-queue';
import { Slot } from '../../../lib/streams/index.js';

describe('a slot of a queue', () => {
  let queue: PQueue;
  beforeEach(() => {
    queue = new PQueue({ concurrency: 1 });
  });

  it('is waited for until another is released', async () => {
    const first = await Slot.acquire(queue, undefined);
    const order: string[] = [];
    const second = Slot.acquire(queue, undefined).then((slot) => {
      order.push('acquired');
      return slot;
    });
    await new Promise((resolve) => setImmediate(resolve));
    order.push('released');
    first.release();
    (await second).release();
    expect(order).toEqual(['released', 'acquired']);
  });

  it('is released when its block ends, also by an error', async () => {
    const fail = async (): Promise<void> => {
      using _slot = await Slot.acquire(queue, undefined);
      throw new Error('no');
    };
    await expect(fail()).rejects.toThrow('no');
    await queue.onIdle();
    expect(queue.pending).toBe(0);
  });

  it('can be released early, and acquired again', async () => {
    using slot = await Slot.acquire(queue, undefined);
    slot.release();
    slot.release();
    (await Slot.acquire(queue, undefined)).release();
    await slot.acquireAgain();
    expect(queue.pending).toBe(1);
  });

  it('is not waited for any more when the signal aborts', async () => {
    using held = await Slot.acquire(queue, undefined);
    const impatience = new AbortController();
    const reason = new Error('enough');
    const waiting = Slot.acquire(queue, impatience.signal);
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    held.release();
    (await Slot.acquire(queue, undefined)).release();
  });
});
