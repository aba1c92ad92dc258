import { beforeEach, describe, expect, it } from '@jest/globals';
import { lifecycle_event } from '../../../interfaces/index.js';
import { Activities } from '../../../lib/events/activities.js';
import type { Activity } from '../../../lib/events/transitions.js';

const { STARTED, STOPPED, PAUSED, RESUMED } = lifecycle_event;

describe('the lifecycle transitions reported for an instance', () => {
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

  it('include each transition once', () => {
    begin('stopped');
    expect(hear('create', 'start', 'pause', 'unpause', 'kill', 'die', 'stop', 'destroy')).toEqual([
      STARTED,
      PAUSED,
      RESUMED,
      STOPPED,
    ]);
  });

  it('exclude those that the first list shows already', () => {
    begin('running');
    expect(hear('start')).toEqual([]);
    expect(hear('die')).toEqual([STOPPED]);
  });

  it('include a stop and a start that the engine replays after an interruption', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('die', 'start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('are the difference between two lists when the engine replays nothing', () => {
    begin('running');
    activities.interrupt();
    expect(find('stopped')).toEqual([STOPPED]);
    activities.interrupt();
    expect(find('paused')).toEqual([STARTED, PAUSED]);
    activities.interrupt();
    expect(find()).toEqual([STOPPED]);
  });

  it('include the missing stop when the engine replays only the start after it', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('include the missing start when the engine replays only the stop after it', () => {
    begin('stopped');
    activities.interrupt();
    expect([...hear('die'), ...find('stopped')]).toEqual([STARTED, STOPPED]);
  });

  it('are not repeated for events that arrive after the list that showed their effect', () => {
    begin('stopped');
    activities.interrupt();
    expect([...find('paused'), ...hear('start', 'pause', 'unpause')]).toEqual([STARTED, PAUSED, RESUMED]);
  });

  it('are not repeated when the stream breaks between the list and such an event', () => {
    begin('stopped');
    activities.interrupt();
    expect(find('running')).toEqual([STARTED]);
    activities.interrupt();
    expect([...hear('start', 'die', 'start'), ...find('running')]).toEqual([STOPPED, STARTED]);
  });

  it('follow the events where the list is older', () => {
    begin('running');
    activities.interrupt();
    expect([...hear('die'), ...find('running')]).toEqual([STOPPED]);
  });

  it('include a stop before the start of a paused instance', () => {
    begin('paused');
    activities.interrupt();
    expect(hear('start')).toEqual([STOPPED, STARTED]);
  });
});
