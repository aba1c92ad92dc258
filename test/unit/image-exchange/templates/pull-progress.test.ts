import { describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../../interfaces/index.js';
import { BuildProgress } from '../../../../lib/image-exchange/templates/build-progress.js';
import { PullProgress } from '../../../../lib/image-exchange/templates/pull-progress.js';

const announced = (id: string) => ({ id, status: 'Pulling fs layer' });
const downloading = (id: string, current: number, total: number) => ({
  ...{ id, status: 'Downloading' },
  progressDetail: { current, total },
});

describe('PullProgress', () => {
  it('sums up concurrent layers, and reports a total once every layer has reported its size', async () => {
    const reported: Progress[] = [];
    const pull = new PullProgress((progress) => reported.push(progress));
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 210));
    for (const id of ['a', 'b', 'c']) pull.line(announced(id));
    pull.line(downloading('a', 10, 100));
    // So small that the engine reported no progress of its download.
    pull.line({ id: 'c', status: 'Download complete' });
    await pause();
    pull.line(downloading('b', 20, 50));
    await pause();
    // The download broke off and starts again.
    pull.line(downloading('a', 5, 100));
    pull.line({ id: 'a', status: 'Download complete' });
    pull.line({ id: 'b', status: 'Verifying Checksum' });
    pull.end();
    pull.end();
    const { rate, ...last } = reported.at(-1) ?? {};
    expect(rate).toBeGreaterThan(0);
    expect(last).toEqual({ phase: 'pulling', bytes: 150, total: 150 });
    expect(reported[0]).toEqual({ phase: 'pulling', bytes: 10, layer: 'a' });
    expect(reported[1]).toMatchObject({ bytes: 30, total: 150, layer: 'b' });
    expect(reported[2]).toMatchObject({ bytes: 30, total: 150 });
  });

  it('reports nothing for a pull that fetches nothing', () => {
    const reported: Progress[] = [];
    const pull = new PullProgress((progress) => reported.push(progress));
    pull.line({ id: 'latest', status: 'Pulling from library/x' });
    pull.line({ id: 'a', status: 'Already exists' });
    pull.end();
    expect(reported).toEqual([]);
  });
});

describe('BuildProgress', () => {
  it('reports the upload of the context, each step, the pulls between the steps, and the end', () => {
    const reported: Progress[] = [];
    const build = new BuildProgress((progress) => reported.push(progress));
    build.sent(1000);
    build.line({ stream: 'Step 1/2 : FROM a' });
    build.line(announced('a'));
    build.line(downloading('a', 7, 7));
    build.line({ stream: 'Step 2/2 : RUN b' });
    build.line({ stream: 'Step 2/2 : printed by b' });
    build.end();
    expect(reported).toEqual([
      { phase: 'building', bytes: 1000 },
      { phase: 'building', bytes: 1000, total: 1000, layer: '1/2' },
      { phase: 'pulling', bytes: 7, total: 7, layer: 'a' },
      { phase: 'pulling', bytes: 7, total: 7 },
      { phase: 'building', bytes: 1000, total: 1000, layer: '2/2' },
      { phase: 'building', bytes: 1000, total: 1000 },
    ]);
  });
});
