import { describe, expect, it } from '@jest/globals';
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

  it('reports the bytes that the engine reports when the layers are unknown', () => {
    const { reported, progress } = loading();
    progress.layer(line('a', 10, 100));
    expect(reported).toEqual([{ phase: 'loading', bytes: 10, layer: 'a'.repeat(12) }]);
  });
});
