import { describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { activityOf, stepOf, transitionsBetween } from '../../../lib/events/transitions.js';

const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

describe('transitions', () => {
  it.each([
    ['stopped', 'running', [STARTED]],
    ['running', 'stopped', [STOPPED]],
    ['running', 'paused', [PAUSED]],
    ['paused', 'running', [RESUMED]],
    ['paused', 'stopped', [STOPPED]],
    ['stopped', 'paused', [STARTED, PAUSED]],
    ['running', 'running', []],
    ['paused', 'paused', []],
    ['stopped', 'stopped', []],
  ] as const)('from %s to %s are %p', (before, after, expected) => {
    expect(transitionsBetween(before, after)).toEqual(expected);
  });

  it('come from the actions that begin or end a run, not from the requests that cause them', () => {
    expect(['start', 'unpause', 'pause', 'die'].map((action) => stepOf(action)?.transition)).toEqual([
      STARTED,
      RESUMED,
      PAUSED,
      STOPPED,
    ]);
    for (const action of ['kill', 'stop', 'create', 'oom', 'exec_create: sh', 'restart', 'rename'])
      expect(stepOf(action)).toBeUndefined();
  });

  it('map every status of a container list to one of three activities', () => {
    expect(
      ['running', 'restarting', 'paused', 'exited', 'created', 'dead', 'removing'].map(activityOf),
    ).toEqual(['running', 'running', 'paused', 'stopped', 'stopped', 'stopped', 'stopped']);
  });
});
