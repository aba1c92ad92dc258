import type { LifecycleTransition } from '../../interfaces/index.js';
import { lifecycle_event } from '../../interfaces/index.js';

/** What events make of an instance's container: all that must be remembered to tell news from repetition. */
export type Activity = 'running' | 'paused' | 'stopped';

/** An engine's action on a container, as the activity that it leads to; other actions change nothing. */
export function activityAfter(action: string): Activity | undefined {
  switch (action) {
    case 'start':
    case 'unpause':
      return 'running';
    case 'pause':
      return 'paused';
    case 'die':
    case 'destroy':
      return 'stopped';
    default:
      return undefined;
  }
}

/** The activity of a container whose status is listed. */
export function activityOf(status: string): Activity {
  if (status === 'paused') return 'paused';
  return status === 'running' || status === 'restarting' ? 'running' : 'stopped';
}

/** What has happened to an instance that was seen in one activity and then in another; nothing when they are the same. */
export function transitionsBetween(before: Activity, after: Activity): readonly LifecycleTransition[] {
  if (before === after) return [];
  if (after === 'stopped') return [lifecycle_event.STOPPED];
  if (after === 'paused')
    return before === 'stopped'
      ? [lifecycle_event.STARTED, lifecycle_event.PAUSED]
      : [lifecycle_event.PAUSED];
  return before === 'paused' ? [lifecycle_event.RESUMED] : [lifecycle_event.STARTED];
}
