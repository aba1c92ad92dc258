import { describe, expect, it } from '@jest/globals';
import { tryAll } from '../../../../lib/verbs/steps/index.js';
import { noOpLogger } from '../../../support/silent-logger.js';

describe('tryAll', () => {
  it('does the steps after a failure too, throws the first failure, and logs the others', async () => {
    const errors: unknown[] = [];
    const logger = { ...noOpLogger, error: (_: string, details?: object): void => void errors.push(details) };
    const [first, second] = [new Error('first'), new Error('second')];
    const done: string[] = [];
    const doing = tryAll(
      { logger },
      { uuid: 'the uuid' },
      () => Promise.reject(first),
      () => Promise.reject(second),
      () => Promise.resolve(done.push('the last')),
    );
    await expect(doing).rejects.toBe(first);
    expect(done).toEqual(['the last']);
    expect(errors).toEqual([{ instance: 'the uuid', error: second }]);
  });
});
