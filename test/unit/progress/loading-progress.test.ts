import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { LoadingProgress } from '../../../lib/progress/index.js';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const line = (digit: string, current: number, total: number) => ({ id: digit.repeat(12), current, total });

describe('LoadingProgress', () => {
  function loading(): { reported: Progress[]; progress: LoadingProgress } {
    const reported: Progress[] = [];
    return { reported, progress: new LoadingProgress((each) => reported.push(each)) };
  }

  it('reports only 0 bytes for an engine that has all layers', () => {
    const { reported, progress } = loading();
    progress.begin();
    progress.expect([{ diffId: digest('a'), size: 10 }]);
    progress.end();
    expect(reported).toEqual([{ phase: 'loading', bytes: 0 }]);
  });

  it('sums up the layers, except those that the engine has', () => {
    const { reported, progress } = loading();
    progress.begin();
    progress.expect(['a', 'b', 'c', 'd'].map((digit) => ({ diffId: digest(digit), size: 100 })));
    progress.layer(line('b', 50, 100));
    progress.layer(line('b', 100, 100));
    progress.layer(line('d', 100, 100));
    progress.end();
    expect(reported.slice(0, 2)).toEqual([
      { phase: 'loading', bytes: 0 },
      { phase: 'loading', bytes: 50, total: 300, layer: digest('b') },
    ]);
    expect(reported.at(-1)).toEqual({ phase: 'loading', bytes: 200, total: 200 });
  });

  it('counts a layer twice that occurs twice', () => {
    const { reported, progress } = loading();
    progress.expect([
      { diffId: digest('a'), size: 100 },
      { diffId: digest('a'), size: 100 },
    ]);
    for (const current of [10, 100, 10, 100]) progress.layer(line('a', current, 100));
    progress.end();
    expect(reported[0]).toEqual({ phase: 'loading', bytes: 10, total: 200, layer: digest('a') });
    expect(reported.at(-1)).toEqual({ phase: 'loading', bytes: 200, total: 200 });
  });

  describe('while the engine is silent', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());
    const waiting: Progress = { phase: 'waiting', bytes: 0 };

    it('reports at a fixed interval that the wait goes on, until the end', () => {
      const { reported, progress } = loading();
      jest.advanceTimersByTime(10_000);
      progress.begin();
      jest.advanceTimersByTime(6000);
      progress.end();
      jest.advanceTimersByTime(10_000);
      expect(reported).toEqual([{ phase: 'loading', bytes: 0 }, waiting, waiting, waiting]);
    });

    it('repeats how far the engine was when it last said so', () => {
      const { reported, progress } = loading();
      progress.begin();
      jest.advanceTimersByTime(2000);
      progress.layer(line('a', 10, 100));
      jest.advanceTimersByTime(4000);
      const unpacked = { phase: 'loading', bytes: 10, layer: 'a'.repeat(12), rate: expect.any(Number) };
      expect(reported.slice(1)).toEqual([waiting, { ...unpacked, rate: undefined }, unpacked, unpacked]);
    });

    it('reports nothing after a failure, nor without a listener', () => {
      const { reported, progress } = loading();
      progress.begin();
      progress[Symbol.dispose]();
      progress.begin();
      new LoadingProgress(undefined).begin();
      expect(jest.getTimerCount()).toBe(0);
      expect(reported).toEqual([{ phase: 'loading', bytes: 0 }]);
    });
  });

  it('reports the bytes that the engine reports when the layers are unknown', () => {
    const { reported, progress } = loading();
    progress.layer(line('a', 10, 100));
    expect(reported).toEqual([{ phase: 'loading', bytes: 10, layer: 'a'.repeat(12) }]);
  });
});
