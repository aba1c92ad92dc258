import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../interfaces/index.js';
import { guardListener } from '../../../lib/streams/index.js';
import { noOpLogger } from '../../support/silent-logger.js';

const reports = [1, 2, 3].map((bytes): Progress => ({ phase: 'downloading', bytes }));

describe('guardListener', () => {
  let warnings: string[];
  let received: Progress[];
  beforeEach(() => {
    warnings = [];
    received = [];
  });

  const callListener = async (listener: (progress: Progress) => unknown): Promise<void> => {
    const warn = (message: string): void => void warnings.push(message);
    const onProgress = guardListener(listener, { ...noOpLogger, warn });
    for (const report of reports) onProgress?.(report);
    await turn();
  };

  it('passes every report on, in order', async () => {
    await callListener((progress) => void received.push(progress));
    expect(received).toEqual(reports);
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
    await callListener((progress) => {
      received.push(progress);
      return fail();
    });
    expect(received).toEqual(reports);
    expect(warnings).toHaveLength(1);
  });
});
