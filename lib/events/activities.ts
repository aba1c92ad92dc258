import type { LifecycleTransition } from '../../interfaces/index.js';
import type { Activity } from './transitions.js';
import { stepOf, transitionsBetween } from './transitions.js';

interface Known {
  readonly activity: Activity;
  /** Something may have happened since that nobody told. */
  readonly isStale: boolean;
  /** Transitions that a list gave away before their events came. */
  readonly toldAhead: readonly LifecycleTransition[];
}

/**
 * What each instance was last known to do, and which transitions follow from what is heard of it next: each once, in
 * order, and those too that nobody told but that must have been.
 */
export class Activities {
  /** By the instance's uuid. */
  readonly #known = new Map<string, Known>();

  /** What an instance was last known to do. */
  of(uuid: string): Activity {
    return this.#known.get(uuid)?.activity ?? 'stopped';
  }

  /** The instances as they are when nothing has been told yet. */
  begin(found: ReadonlyMap<string, Activity>): void {
    for (const [uuid, activity] of found) this.#know(uuid, activity);
  }

  /** From now on something may happen that is not heard of, until {@link happened} or {@link found} say what. */
  interrupt(): void {
    for (const [uuid, known] of this.#known) this.#known.set(uuid, { ...known, isStale: true });
  }

  /**
   * Something happened to an instance's container.
   *
   * @param action - the engine's word for it.
   * @returns the transitions to tell.
   */
  happened(uuid: string, action: string): readonly LifecycleTransition[] {
    const known = this.#known.get(uuid);
    if (action === 'destroy') {
      this.#known.delete(uuid);
      return transitionsBetween(known?.activity ?? 'stopped', 'stopped');
    }
    const step = stepOf(action);
    if (step === undefined) return [];
    const { activity, isStale, toldAhead }: Known = known ?? {
      activity: 'stopped',
      isStale: false,
      toldAhead: [],
    };
    if (toldAhead[0] === step.transition) {
      this.#know(uuid, activity, toldAhead.slice(1));
      return [];
    }
    this.#know(uuid, step.to);
    // Heard of twice, unless something was missed in between.
    if (activity === step.to && !isStale) return [];
    const before = step.from.includes(activity) ? activity : step.from[0];
    return [...transitionsBetween(activity, before), step.transition];
  }

  /**
   * The instances were listed after an interruption. Of those of which events were heard since, the events are the
   * better witness.
   *
   * @param found - all instances that there are.
   * @returns the transitions to tell of each instance.
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

  #know(uuid: string, activity: Activity, toldAhead: readonly LifecycleTransition[] = []): void {
    this.#known.set(uuid, { activity, isStale: false, toldAhead });
  }
}
