import { setTimeout as sleep } from 'node:timers/promises';
import type { LifecycleEvent, Logger } from '../../interfaces/index.js';
import type { Engine, EngineEvent } from '../engine/index.js';
import { instanceUuid, label } from '../labels.js';
import { asError, withDeadline } from '../streams/index.js';
import type { Activity } from './transitions.js';
import { activityAfter, activityOf, transitionsBetween } from './transitions.js';

/** Milliseconds before the engine is asked again after its stream broke; doubled each time, up to the second figure. */
const shortestWait = 100;
const longestWait = 5_000;
/** Milliseconds within which the engine must begin to tell its events; it does so at once. */
const longestBeginning = 60_000;

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
  /** Whether the instances have been listed once: until then there is nothing to compare with. */
  #knows = false;
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

  /**
   * Begins to follow. What has happened before is not told.
   *
   * @throws what the engine's client throws when the engine cannot be followed at all.
   */
  async start(): Promise<void> {
    await withDeadline('the beginning of the event stream', longestBeginning, undefined, async (signal) => {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          this.#stopping.abort(signal.reason);
          reject(asError(signal.reason));
        });
        this.#following = this.#follow(resolve, reject);
      });
    });
  }

  /** Ends following, and returns when no event will be told any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the events are followed no longer'));
    await this.#following;
  }

  async #follow(begun: () => void, failed: (error: unknown) => void): Promise<void> {
    let wait = shortestWait;
    while (!this.#isStopping()) {
      try {
        await this.#followOneStream((found) => {
          if (this.#knows) this.#resynchronise(found);
          else for (const [uuid, activity] of found) this.#activities.set(uuid, activity);
          this.#knows = true;
          wait = shortestWait;
          begun();
        });
      } catch (error) {
        if (!this.#knows) {
          failed(error);
          return;
        }
        if (!this.#isStopping()) this.#logger.warn('the events of the engine broke off', { error });
      }
      await sleep(wait, undefined, { signal: this.#stopping.signal }).catch(() => 'stopping');
      wait = Math.min(wait * 2, longestWait);
    }
  }

  /** Reads one stream until it breaks off. What it brings is handled when what was found beside it has been. */
  async #followOneStream(handleFound: (found: ReadonlyMap<string, Activity>) => void): Promise<never> {
    const leaving = new AbortController();
    const leave = (): void => {
      leaving.abort(this.#stopping.signal.reason);
    };
    this.#stopping.signal.addEventListener('abort', leave, { once: true });
    const { promise: opened, resolve: onOpen } = openPromise();
    const found = opened.then(async () => {
      handleFound(await this.#list());
    });
    try {
      const read = async (): Promise<never> => {
        const filters = { type: ['container'] as const, label: [`${label.host}=${this.#host}`] };
        for await (const event of this.#engine.system.events({ filters, signal: leaving.signal, onOpen })) {
          await found;
          this.#handle(event);
        }
        throw new Error('the stream of events ended');
      };
      const [, nothing] = await Promise.all([found, read()]);
      return nothing;
    } finally {
      this.#stopping.signal.removeEventListener('abort', leave);
      leaving.abort();
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
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

function openPromise(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
