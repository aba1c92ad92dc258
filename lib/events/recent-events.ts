import type { EngineEvent } from '../engine/index.js';

/** The number of events that an engine remembers, hence can repeat. */
const limit = 256;

/** The most recent events, to recognize those that an engine repeats. */
export class RecentEvents {
  /** In the order of arrival. */
  readonly #identities = new Set<string>();

  has(event: EngineEvent): boolean {
    return this.#identities.has(identity(event));
  }

  add(event: EngineEvent): void {
    this.#identities.add(identity(event));
    for (const oldest of this.#identities) {
      if (this.#identities.size <= limit) return;
      this.#identities.delete(oldest);
    }
  }
}

/** The engine's events have no id, but their time in nanoseconds. */
function identity({ Action: action, Actor: { ID: id }, timeNano }: EngineEvent): string {
  return `${timeNano} ${action} ${id}`;
}
