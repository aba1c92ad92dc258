import type { LifecycleTransition } from '../../interfaces/index.js';
import { lifecycle_event } from '../../interfaces/index.js';

/** What events make of an instance's container: all that must be remembered to tell news from repetition. */
export type Activity = 'running' | 'paused' | 'stopped';

/** What an engine's action does to an instance: `from` is what the instance must have been doing before. */
interface Step {
  readonly from: readonly [Activity, ...Activity[]];
  readonly to: Activity;
  readonly transition: LifecycleTransition;
}

/** An engine's action on a container as a step of the instance; other actions are none. */
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

/** The activity of a container whose status is listed. */
export function activityOf(status: string): Activity {
  if (status === 'paused') return 'paused';
  return status === 'running' || status === 'restarting' ? 'running' : 'stopped';
}

/** The shortest way from one activity to another; nothing when they are the same. */
export function transitionsBetween(before: Activity, after: Activity): readonly LifecycleTransition[] {
  if (before === after) return [];
  if (after === 'stopped') return [lifecycle_event.STOPPED];
  if (after === 'paused')
    return before === 'stopped'
      ? [lifecycle_event.STARTED, lifecycle_event.PAUSED]
      : [lifecycle_event.PAUSED];
  return before === 'paused' ? [lifecycle_event.RESUMED] : [lifecycle_event.STARTED];
}
