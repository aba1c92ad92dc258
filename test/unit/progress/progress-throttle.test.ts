import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { ProgressThrottle } from '../../../lib/progress/index.js';

describe('ProgressThrottle', () => {
  afterEach(() => void jest.useRealTimers());

  const downloading = (bytes: number): Progress => ({ phase: 'downloading', bytes });

  it('reports the first and the last of many, and few in between', () => {
    jest.useFakeTimers();
    const reported: Progress[] = [];
    const throttle = new ProgressThrottle((progress) => reported.push(progress));
    for (let bytes = 1; bytes <= 250; bytes += 1) {
      throttle.report(downloading(bytes));
      jest.advanceTimersByTime(1);
    }
    throttle.flush();
    expect(reported.map(({ bytes }) => bytes)).toEqual([1, 101, 201, 250]);
  });

  it('reports the last of a phase before the first of the next', () => {
    const reported: Progress[] = [];
    const throttle = new ProgressThrottle((progress) => reported.push(progress));
    for (const bytes of [1, 2, 3]) throttle.report(downloading(bytes));
    throttle.report({ phase: 'loading', bytes: 0 });
    expect(reported).toEqual([downloading(1), downloading(3), { phase: 'loading', bytes: 0 }]);
  });

  it('reports a layer even if its phase ends at once', () => {
    const reported: Progress[] = [];
    const throttle = new ProgressThrottle((progress) => reported.push(progress));
    throttle.report({ phase: 'loading', bytes: 0 });
    for (const layer of ['a', 'b']) throttle.report({ phase: 'loading', bytes: 1, layer });
    throttle.report({ phase: 'loading', bytes: 2, total: 2 });
    throttle.flush();
    expect(reported.map(({ bytes, layer }) => [bytes, layer])).toEqual([
      [0, undefined],
      [1, 'a'],
      [2, undefined],
    ]);
  });

  it('reports nothing twice', () => {
    const reported: Progress[] = [];
    const throttle = new ProgressThrottle((progress) => reported.push(progress));
    throttle.flush();
    throttle.report(downloading(1));
    throttle.flush();
    throttle.flush();
    expect(reported).toEqual([downloading(1)]);
  });

  it('never reports fewer bytes when a phase begins again after a failed attempt', () => {
    const reported: Progress[] = [];
    const throttle = new ProgressThrottle((progress) => reported.push(progress));
    for (const bytes of [10, 40, 5, 100]) {
      throttle.report({ phase: 'downloading', bytes, total: 100 });
      throttle.flush();
    }
    throttle.report({ phase: 'loading', bytes: 0 });
    throttle.report({ phase: 'downloading', bytes: 1, total: 9 });
    expect(reported.map(({ bytes, total }) => [bytes, total])).toEqual([
      [10, 100],
      [40, 100],
      [45, 140],
      [140, 140],
      [0, undefined],
      [1, 9],
    ]);
  });
});
