import { describe, expect, it } from '@jest/globals';
import { Rollback } from '../../../../lib/verbs/steps/index.js';
import { noOpLogger } from '../../../support/silent-logger.js';

describe('a rollback', () => {
  const failure = new Error('the third step fails');

  /** Does three steps, of which the third may fail, and returns what happened. */
  async function steps(done: string[], fails: boolean, errors: unknown[] = []): Promise<void> {
    const logger = {
      ...noOpLogger,
      error: (message: string, details?: object): void => void errors.push(message, details),
    };
    await using rollback = new Rollback(logger);
    rollback.push('the first step', () => Promise.resolve(done.push('undo first')));
    done.push('first');
    rollback.push('the second step', () => {
      done.push('undo second');
      return Promise.reject(new Error('cannot be undone'));
    });
    done.push('second');
    if (fails) throw failure;
    rollback.complete();
    done.push('third');
  }

  it('undoes the steps of a block that fails, last first, and passes the error on', async () => {
    const done: string[] = [];
    await expect(steps(done, true)).rejects.toBe(failure);
    expect(done).toEqual(['first', 'second', 'undo second', 'undo first']);
  });

  it('logs an undo that fails, and undoes the other steps', async () => {
    const errors: unknown[] = [];
    await expect(steps([], true, errors)).rejects.toBe(failure);
    expect(errors).toEqual([
      'could not roll back the second step',
      { error: expect.objectContaining({ message: 'cannot be undone' }) },
    ]);
  });

  it('undoes nothing once it is complete', async () => {
    const done: string[] = [];
    await steps(done, false);
    expect(done).toEqual(['first', 'second', 'third']);
  });
});
