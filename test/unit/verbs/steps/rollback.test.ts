import { describe, expect, it, jest } from '@jest/globals';
import { EngineUnreachable } from '../../../../lib/engine/index.js';
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
    await using rollback = new Rollback({ engine: { closed: false }, logger }, 'the uuid');
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
      { instance: 'the uuid', error: expect.objectContaining({ message: 'cannot be undone' }) },
    ]);
  });

  it('undoes nothing once it is complete', async () => {
    const done: string[] = [];
    await steps(done, false);
    expect(done).toEqual(['first', 'second', 'third']);
  });

  const environment = { engine: { closed: false }, logger: noOpLogger };

  it('keeps what the steps made once it is complete, and only then', async () => {
    const done: string[] = [];
    const run = async (fails: boolean): Promise<void> => {
      await using rollback = new Rollback(environment, 'the uuid');
      const undo = (): Promise<unknown> => Promise.resolve(done.push('undo'));
      rollback.push('a step', undo, () => void done.push('keep'));
      if (fails) throw failure;
      rollback.complete();
    };
    await expect(run(true)).rejects.toBe(failure);
    await run(false);
    expect(done).toEqual(['undo', 'keep']);
  });

  const refused = new EngineUnreachable({ method: 'POST', path: '/' }, 'refused', { maybeDone: false });

  it('repeats its undos while the engine does not answer, if it restores an instance', async () => {
    const done: string[] = [];
    const undo = (what: string) => (): Promise<void> => {
      done.push(what);
      return done.filter((each) => each === what).length < 2 ? Promise.reject(refused) : Promise.resolve();
    };
    const run = async (): Promise<void> => {
      await using rollback = new Rollback(environment, 'the uuid');
      rollback.pushRestore('the instance', undo('the instance'));
      rollback.push('its container', undo('its container'));
      throw failure;
    };
    await expect(run()).rejects.toBe(failure);
    expect(done).toEqual(['its container', 'its container', 'the instance', 'the instance']);
  });

  it('tries once if no instance is at stake', async () => {
    const undo = jest.fn(() => Promise.reject(refused));
    const run = async (): Promise<void> => {
      await using rollback = new Rollback(environment, 'the uuid');
      rollback.push('its container', undo);
      throw failure;
    };
    await expect(run()).rejects.toBe(failure);
    expect(undo).toHaveBeenCalledTimes(1);
  });
});
