import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { destroyOnAbort, LinkedAbort } from '../../../lib/streams/index.js';

const reason = new Error('no longer wanted');
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('LinkedAbort', () => {
  it("aborts with the parent's reason, even if the parent aborted before", () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    parent.abort(reason);
    expect(linked.signal.reason).toBe(reason);
    expect(new LinkedAbort(parent.signal).signal.reason).toBe(reason);
  });

  it('can abort without the parent', () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    linked.abort(reason);
    expect(linked.signal.reason).toBe(reason);
    expect(parent.signal.aborted).toBe(false);
  });

  it('leaves no listener on the parent, and ignores it, once it is unlinked', () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    linked.unlink();
    expect(listenersOf(parent.signal)).toBe(0);
    parent.abort(reason);
    expect(linked.signal.aborted).toBe(false);
  });
});

describe('destroyOnAbort', () => {
  it('leaves no listener on the signal, whether the stream ends later or has ended before', async () => {
    const { signal } = new AbortController();
    const stream = Readable.from(['x']);
    destroyOnAbort(stream, signal);
    await stream.toArray();
    destroyOnAbort(stream, signal);
    expect(listenersOf(signal)).toBe(0);
  });
});
