import { lifecycle_event, type LifecycleTransition } from '../../interfaces/index.js';

/** Nova's name of a transition. */
export type TransitionName = keyof typeof lifecycle_event;

/** Nova's names of the transitions, by number. */
export const transitionNames: Readonly<Record<LifecycleTransition, TransitionName>> = {
  [lifecycle_event.STARTED]: 'STARTED',
  [lifecycle_event.STOPPED]: 'STOPPED',
  [lifecycle_event.PAUSED]: 'PAUSED',
  [lifecycle_event.RESUMED]: 'RESUMED',
  [lifecycle_event.SUSPENDED]: 'SUSPENDED',
};
