import type { EngineEvent } from '../engine/index.js';

/** As many as an engine remembers: what it tells again is among them. */
const limit = 256;

/** The events that were heard last, to tell those that an engine repeats from news. */
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

/** An engine numbers its events by nothing but their time. */
function identity({ Action: action, Actor: { ID: id }, timeNano }: EngineEvent): string {
  return `${timeNano} ${action} ${id}`;
}
