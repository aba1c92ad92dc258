import { beforeEach, describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { Activities } from '../../../lib/events/activities.js';
import type { Activity } from '../../../lib/events/transitions.js';

const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

describe('what is told of an instance', () => {
  let activities: Activities;
  beforeEach(() => {
    activities = new Activities();
  });

  const begin = (activity: Activity): void => activities.begin(new Map([['a', activity]]));
  const hear = (...actions: string[]): number[] =>
    actions.flatMap((action) => activities.happened('a', action));
  const find = (activity?: Activity): number[] =>
    activities
      .found(new Map(activity === undefined ? [] : [['a', activity]]))
      .flatMap(([, transitions]) => transitions);

  it('is each transition of its life, once', () => {
    begin('stopped');
    expect(hear('create', 'start', 'pause', 'unpause', 'kill', 'die', 'stop', 'destroy')).toEqual([
      STARTED,
      PAUSED,
      RESUMED,
      STOPPED,
    ]);
  });

  it('is nothing of what the first list shows already', () => {
    begin('running');
    expect(hear('start')).toEqual([]);
    expect(hear('die')).toEqual([STOPPED]);
  });

  it('is a stop and a start that the engine remembers after an interruption', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('die', 'start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('is the difference when the engine remembers nothing', () => {
    begin('running');
    activities.interrupt();
    expect(find('stopped')).toEqual([STOPPED]);
    activities.interrupt();
    expect(find('paused')).toEqual([STARTED, PAUSED]);
    activities.interrupt();
    expect(find()).toEqual([STOPPED]);
  });

  it('is the stop that must have been when only the start after it is remembered', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('is the start that must have been when only the stop after it is remembered', () => {
    begin('stopped');
    activities.interrupt();
    expect([...hear('die'), ...find('stopped')]).toEqual([STARTED, STOPPED]);
  });

  it('is not told again when events come after the list that has shown what they tell', () => {
    begin('stopped');
    activities.interrupt();
    expect([...find('paused'), ...hear('start', 'pause', 'unpause')]).toEqual([STARTED, PAUSED, RESUMED]);
  });

  it('is not told again when the stream breaks between the list and such an event', () => {
    begin('stopped');
    activities.interrupt();
    expect(find('running')).toEqual([STARTED]);
    activities.interrupt();
    expect([...hear('start', 'die', 'start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('follows the events where the list is older', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('die'), ...find('running')]).toEqual([STOPPED]);
  });

  it('says that a paused one was stopped before it starts', () => {
    begin('paused');
    activities.interrupt();
    expect(hear('start')).toEqual([STOPPED, STARTED]);
  });
});
