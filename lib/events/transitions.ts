import type { LifecycleTransition } from '../../interfaces/index.js';
import { lifecycle_event } from '../../interfaces/index.js';

/** What an instance's container does. This is all the state needed to tell a new event from a repeated one. */
export type Activity = 'running' | 'paused' | 'stopped';

/** The effect of an event on an instance; `from` lists the activities that the instance can have before it. */
interface Step {
  readonly from: readonly [Activity, ...Activity[]];
  readonly to: Activity;
  readonly transition: LifecycleTransition;
}

/** The effect of an event on an instance; undefined for an event without effect. */
export function stepOf(action: string): Step | undefined {
  switch (action) {
    case 'start':
      return { from: ['stopped'], to: 'running', transition: lifecycle_event.STARTED };
    case 'pause':
      return { from: ['running'], to: 'paused', transition: lifecycle_event.PAUSED };
    case 'unpause':
      return { from: ['paused'], to: 'running', transition: lifecycle_event.RESUMED };
    case 'die':
      return { from: ['running', 'paused'], to: 'stopped', transition: lifecycle_event.STOPPED };
    default:
      return undefined;
  }
}

/** The activity of a container by its status in a list. */
export function activityOf(status: string): Activity {
  if (status === 'paused') return 'paused';
  return status === 'running' || status === 'restarting' ? 'running' : 'stopped';
}

/** The shortest sequence of transitions between two activities; empty when they are equal. */
export function transitionsBetween(before: Activity, after: Activity): readonly LifecycleTransition[] {
  if (before === after) return [];
  if (after === 'stopped') return [lifecycle_event.STOPPED];
  if (after === 'paused')
    return before === 'stopped'
      ? [lifecycle_event.STARTED, lifecycle_event.PAUSED]
      : [lifecycle_event.PAUSED];
  return before === 'paused' ? [lifecycle_event.RESUMED] : [lifecycle_event.STARTED];
}
