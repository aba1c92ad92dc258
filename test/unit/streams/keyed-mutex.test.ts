import { describe, expect, it } from '@jest/globals';
import { KeyedMutex } from '../../../lib/streams/index.js';

/** Work that ends when the test opens the gate. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('KeyedMutex', () => {
  it('serializes work on one key, and runs other keys concurrently', async () => {
    const locks = new KeyedMutex();
    const first = gate();
    const order: string[] = [];
    const all = [
      locks.runExclusive('a', undefined, async () => {
        await first.opened;
        order.push('a1');
      }),
      locks.runExclusive('a', undefined, () => Promise.resolve(order.push('a2'))),
      locks.runExclusive('b', undefined, () => Promise.resolve(order.push('b1'))),
    ];
    await all[2];
    first.open();
    await Promise.all(all);
    expect(order).toEqual(['b1', 'a1', 'a2']);
  });

  it('continues after work that failed', async () => {
    const locks = new KeyedMutex();
    const failing = locks.runExclusive('a', undefined, () => Promise.reject(new Error('no')));
    const next = locks.runExclusive('a', undefined, () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });

  it('stops waiting when the signal aborts, with its reason', async () => {
    const locks = new KeyedMutex();
    const first = gate();
    const busy = locks.runExclusive('a', undefined, () => first.opened);
    const impatience = new AbortController();
    let ran = false;
    const waiting = locks.runExclusive('a', impatience.signal, () => Promise.resolve((ran = true)));
    const reason = new Error('enough');
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.open();
    await busy;
    expect(ran).toBe(false);
  });

  it('stays locked until aborted work has ended', async () => {
    const locks = new KeyedMutex();
    const undone = gate();
    const stop = new AbortController();
    const order: string[] = [];
    const first = locks.runExclusive('a', stop.signal, async () => {
      stop.abort(new Error('stop'));
      await undone.opened;
      order.push('undone');
    });
    const second = locks.runExclusive('a', undefined, () => Promise.resolve(order.push('next')));
    undone.open();
    await Promise.all([first, second]);
    expect(order).toEqual(['undone', 'next']);
  });

  it('can be acquired, and are held until they are released', async () => {
    const locks = new KeyedMutex();
    const order: string[] = [];
    const release = await locks.acquire('a', undefined);
    const next = locks.runExclusive('a', undefined, () => Promise.resolve(order.push('next')));
    order.push('held');
    release();
    release();
    await next;
    expect(order).toEqual(['held', 'next']);
  });

  it('cannot be acquired by a caller that aborts while it waits', async () => {
    const locks = new KeyedMutex();
    const release = await locks.acquire('a', undefined);
    const impatience = new AbortController();
    const waiting = locks.acquire('a', impatience.signal);
    const reason = new Error('enough');
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    release();
    await expect(locks.runExclusive('a', undefined, () => Promise.resolve('free'))).resolves.toBe('free');
  });
});
