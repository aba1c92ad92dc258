import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { destroyOnAbort, LinkedAbort } from '../../../lib/streams/index.js';

const reason = new Error('no longer wanted');
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('an abort that is linked to a parent', () => {
  it("comes with the parent's reason, also when the parent aborted before", () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    parent.abort(reason);
    expect(linked.signal.reason).toBe(reason);
    expect(new LinkedAbort(parent.signal).signal.reason).toBe(reason);
  });

  it('comes by itself, and leaves the parent as it is', () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    linked.abort(reason);
    expect(linked.signal.reason).toBe(reason);
    expect(parent.signal.aborted).toBe(false);
  });

  it('leaves nothing on the parent, and hears nothing of it, once it is unlinked', () => {
    const parent = new AbortController();
    const linked = new LinkedAbort(parent.signal);
    linked.unlink();
    expect(listenersOf(parent.signal)).toBe(0);
    parent.abort(reason);
    expect(linked.signal.aborted).toBe(false);
  });
});

describe('a stream that a signal destroys', () => {
  it('leaves nothing on the signal, be it closed later or before', async () => {
    const { signal } = new AbortController();
    const stream = Readable.from(['x']);
    destroyOnAbort(stream, signal);
    await stream.toArray();
    destroyOnAbort(stream, signal);
    expect(listenersOf(signal)).toBe(0);
  });
});
