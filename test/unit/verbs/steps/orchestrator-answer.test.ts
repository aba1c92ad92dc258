import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { orchestratorAnswer } from '../../../../lib/verbs/steps/index.js';

const never = (): Promise<never> => new Promise<never>(() => undefined);

describe('orchestratorAnswer', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('returns the value of the function, or fails with its error', async () => {
    await expect(orchestratorAnswer('f', undefined, () => Promise.resolve(5))).resolves.toBe(5);
    const failure = new Error('no');
    await expect(orchestratorAnswer('f', undefined, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('times out after the 60 s that Nova gives its own calls, without blaming the hypervisor', async () => {
    const waiting = orchestratorAnswer('update_task_state', undefined, never);
    const outcome = expect(waiting).rejects.toMatchObject({
      name: 'NovaException',
      message: "the answer of the orchestrator's update_task_state took longer than 60 s",
    });
    await jest.advanceTimersByTimeAsync(60_000);
    await outcome;
  });

  it('fails with the abort reason, and leaves no timer behind', async () => {
    const impatience = new AbortController();
    const reason = new Error('enough');
    const waiting = orchestratorAnswer('update_task_state', impatience.signal, never);
    impatience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(jest.getTimerCount()).toBe(0);
  });
});
