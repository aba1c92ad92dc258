import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { guardListener } from '../../../lib/streams/index.js';
import { noOpLogger } from '../../support/silent-logger.js';

const reports = [1, 2, 3].map((bytes): Progress => ({ phase: 'downloading', bytes }));

describe('guardListener', () => {
  let warnings: string[];
  let told: Progress[];
  beforeEach(() => {
    warnings = [];
    told = [];
  });

  const tell = async (listener: (progress: Progress) => unknown): Promise<void> => {
    const warn = (message: string): void => void warnings.push(message);
    const onProgress = guardListener(listener, { ...noOpLogger, warn });
    for (const report of reports) onProgress?.(report);
    await turn();
  };

  it('passes every report on, in order', async () => {
    await tell((progress) => void told.push(progress));
    expect(told).toEqual(reports);
    expect(warnings).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('rude');
      },
    ],
    ['rejects', () => Promise.reject(new Error('rude'))],
  ])('continues to call a listener that %s, and logs the failure once', async (_how, fail) => {
    await tell((progress) => {
      told.push(progress);
      return fail();
    });
    expect(told).toEqual(reports);
    expect(warnings).toHaveLength(1);
  });
});
