import type { LifecycleTransition } from '../../interfaces/index.js';
import type { Activity } from './transitions.js';
import { stepOf, transitionsBetween } from './transitions.js';

interface Known {
  readonly activity: Activity;
  /** Whether events may have been missed since. */
  readonly isStale: boolean;
  /** Transitions that were emitted because of a list, before their events arrived. */
  readonly emittedAhead: readonly LifecycleTransition[];
}

/**
 * Tracks the last known activity of each instance and derives transitions from events and lists: each transition once,
 * in order, including those whose events were missed.
 */
export class Activities {
  /** By the instance's uuid. */
  readonly #known = new Map<string, Known>();

  /** The last known activity of an instance. */
  of(uuid: string): Activity {
    return this.#known.get(uuid)?.activity ?? 'stopped';
  }

  /** Sets the initial activities, without transitions. */
  begin(found: ReadonlyMap<string, Activity>): void {
    for (const [uuid, activity] of found) this.#know(uuid, activity);
  }

  /** Marks all instances as stale: events may be missed until {@link happened} or {@link found} updates them. */
  interrupt(): void {
    for (const [uuid, known] of this.#known) this.#known.set(uuid, { ...known, isStale: true });
  }

  /**
   * Processes an event of an instance's container.
   *
   * @param action - the engine's name of the event.
   * @returns the transitions to emit.
   */
  happened(uuid: string, action: string): readonly LifecycleTransition[] {
    const known = this.#known.get(uuid);
    if (action === 'destroy') {
      this.#known.delete(uuid);
      return transitionsBetween(known?.activity ?? 'stopped', 'stopped');
    }
    const step = stepOf(action);
    if (step === undefined) return [];
    const { activity, isStale, emittedAhead }: Known = known ?? {
      activity: 'stopped',
      isStale: false,
      emittedAhead: [],
    };
    if (emittedAhead[0] === step.transition) {
      this.#know(uuid, activity, emittedAhead.slice(1));
      return [];
    }
    this.#know(uuid, step.to);
    // A repeated event, unless others were missed in between.
    if (activity === step.to && !isStale) return [];
    const before = step.from.includes(activity) ? activity : step.from[0];
    return [...transitionsBetween(activity, before), step.transition];
  }

  /**
   * Processes a list of the instances after an interruption. It skips instances that had events since, because an event
   * is newer than the list.
   *
   * @param found - all existing instances.
   * @returns the transitions to emit for each instance.
   */
  found(found: ReadonlyMap<string, Activity>): (readonly [string, readonly LifecycleTransition[]])[] {
    return [...new Set([...this.#known.keys(), ...found.keys()])].flatMap((uuid) => {
      const known = this.#known.get(uuid);
      if (known?.isStale === false) return [];
      const activity = found.get(uuid) ?? 'stopped';
      const transitions = transitionsBetween(known?.activity ?? 'stopped', activity);
      if (found.has(uuid) || transitions.length > 0) this.#know(uuid, activity, transitions);
      else this.#known.delete(uuid);
      return transitions.length > 0 ? [[uuid, transitions] as const] : [];
    });
  }

  #know(uuid: string, activity: Activity, emittedAhead: readonly LifecycleTransition[] = []): void {
    this.#known.set(uuid, { activity, isStale: false, emittedAhead });
  }
}
