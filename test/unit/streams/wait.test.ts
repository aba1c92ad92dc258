import { describe, expect, it } from '@jest/globals';
import { sleep, raceSignal } from '../../../lib/streams/index.js';

describe('raceSignal and pause', () => {
  it('return the value of the promise', async () => {
    expect(await raceSignal(Promise.resolve(5), new AbortController().signal)).toBe(5);
    expect(await raceSignal(Promise.resolve(5), undefined)).toBe(5);
  });

  it("reject with the signal's reason, however late the promise rejects", async () => {
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error('late')), 20);
    });
    const outcome = raceSignal(late, abort.signal);
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    await expect(late).rejects.toThrow('late');
  });

  it('reject at once when the signal has aborted before', async () => {
    const reason = new Error('too late');
    await expect(raceSignal(new Promise(() => undefined), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('abort a pause', async () => {
    const reason = new Error('no longer wanted');
    const abort = new AbortController();
    const outcome = sleep(60_000, abort.signal);
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });
});
