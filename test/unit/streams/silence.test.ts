import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline, DeadlineExceeded } from '../../../lib/streams/index.js';

describe('Deadline', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('does not expire while it is paused', () => {
    const deadline = new Deadline('the first byte', 100);
    deadline.pause();
    jest.advanceTimersByTime(10_000);
    expect(deadline.signal.aborted).toBe(false);
  });

  it('expires the given time after its restart, and names what it waited for', () => {
    const deadline = new Deadline('the first byte', 100);
    deadline.pause();
    deadline.restart('the answer', 500);
    jest.advanceTimersByTime(499);
    expect(deadline.signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineExceeded);
    expect(deadline.signal.reason).toMatchObject({ what: 'the answer', milliseconds: 500 });
  });

  it('does not start again after it was cleared', () => {
    const deadline = new Deadline('the first byte', 100);
    deadline.clear();
    deadline.restart('the answer', 100);
    expect(jest.getTimerCount()).toBe(0);
  });
});
