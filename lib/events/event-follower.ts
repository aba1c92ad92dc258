import { setTimeout as sleep } from 'node:timers/promises';
import type { LifecycleEvent, Logger } from '../../interfaces/index.js';
import type { Engine, EngineEvent } from '../engine/index.js';
import { instanceUuid, label } from '../labels.js';
import type { Activity } from './transitions.js';
import { activityAfter, activityOf, transitionsBetween } from './transitions.js';

/** Milliseconds before the engine is asked again after its stream broke; doubled each time, up to the second figure. */
const shortestWait = 100;
const longestWait = 5_000;

/**
 * Follows what the engine reports of one host's instances and tells it as lifecycle events.
 *
 * An engine repeats only its last few hundred events, so after a broken stream the follower compares what it knew with what it finds. It
 * opens the stream first and lists then: what happens in between is in both, and told once.
 */
export class EventFollower {
  readonly #engine: Engine;
  readonly #host: string;
  readonly #emit: (event: LifecycleEvent) => void;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  /** By the instance's uuid. */
  readonly #activities = new Map<string, Activity>();
  #following: Promise<void> = Promise.resolve();

  /** @param options - `emit` is told about each event, in order; it must not throw. */
  constructor(options: {
    readonly engine: Engine;
    readonly host: string;
    readonly emit: (event: LifecycleEvent) => void;
    readonly logger: Logger;
  }) {
    this.#engine = options.engine;
    this.#host = options.host;
    this.#emit = options.emit;
    this.#logger = options.logger;
  }

  /** Begins to follow. What has happened before is not told. */
  async start(): Promise<void> {
    const events = await this.#open();
    for (const [uuid, activity] of await this.#list()) this.#activities.set(uuid, activity);
    this.#following = this.#follow(events);
  }

  /** Ends following, and returns when no event will be told any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(first: AsyncIterable<EngineEvent>): Promise<void> {
    let events: AsyncIterable<EngineEvent> | undefined = first;
    let wait = shortestWait;
    while (!this.#isStopping()) {
      try {
        if (events === undefined) {
          events = await this.#open();
          this.#resynchronise(await this.#list());
          this.#logger.info('follows the events of the engine again');
        }
        wait = shortestWait;
        for await (const event of events) this.#handle(event);
      } catch (error) {
        if (this.#isStopping()) return;
        this.#logger.warn('the events of the engine broke off', { error });
      }
      events = undefined;
      await sleep(wait, undefined, { signal: this.#stopping.signal }).catch(() => 'stopping');
      wait = Math.min(wait * 2, longestWait);
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #open(): Promise<AsyncIterable<EngineEvent>> {
    return await this.#engine.system.events({
      filters: { type: ['container'], label: [`${label.host}=${this.#host}`] },
      signal: this.#stopping.signal,
    });
  }

  async #list(): Promise<Map<string, Activity>> {
    const containers = await this.#engine.containers.list({
      all: true,
      filters: { label: [`${label.host}=${this.#host}`] },
      signal: this.#stopping.signal,
    });
    return new Map(
      containers.flatMap(({ Labels: labels, Names: names, State: status }) => {
        const uuid = instanceUuid(labels, names);
        return uuid === undefined ? [] : [[uuid, activityOf(status)]];
      }),
    );
  }

  #resynchronise(found: ReadonlyMap<string, Activity>): void {
    const now = Date.now() / 1000;
    for (const uuid of new Set([...this.#activities.keys(), ...found.keys()])) {
      this.#reached(uuid, found.get(uuid) ?? 'stopped', now);
      if (!found.has(uuid)) this.#activities.delete(uuid);
    }
  }

  #handle({ Action: action, Actor: actor, timeNano }: EngineEvent): void {
    const uuid = instanceUuid(actor.Attributes, [`/${actor.Attributes['name'] ?? ''}`]);
    const activity = activityAfter(action);
    if (uuid === undefined || activity === undefined) return;
    this.#reached(uuid, activity, timeNano / 1e9);
    if (action === 'destroy') this.#activities.delete(uuid);
  }

  #reached(uuid: string, activity: Activity, timestamp: number): void {
    const transitions = transitionsBetween(this.#activities.get(uuid) ?? 'stopped', activity);
    this.#activities.set(uuid, activity);
    for (const transition of transitions) this.#emit({ uuid, transition, timestamp });
  }
}
