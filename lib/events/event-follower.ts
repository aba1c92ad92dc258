import type { LifecycleEvent, LifecycleTransition, Logger } from '../../interfaces/index.js';
import { lifecycle_event } from '../../interfaces/index.js';
import type { Engine, EngineEvent, EventFilters } from '../engine/index.js';
import { EngineProtocolError } from '../engine/index.js';
import { instanceUuid, label } from '../common/index.js';
import { asError, LinkedAbort, pause, unlessAborted, withDeadline } from '../streams/index.js';
import { Activities } from './activities.js';
import { RecentEvents } from './recent-events.js';
import type { Activity } from './transitions.js';
import { activityOf } from './transitions.js';

/** Milliseconds before the engine is asked again after its stream broke; doubled each time, up to the second figure. */
const shortestWait = 100;
const longestWait = 5_000;
/** Milliseconds within which the engine must begin to tell its events; it does so at once. */
const longestBeginning = 60_000;
/**
 * Seconds by which an event may carry an earlier time than the one before it: the engine looks at the clock before it
 * queues them.
 */
const disorder = 1;

/** What a follower works with. */
interface EventFollowerOptions {
  readonly engine: Engine;
  readonly host: string;
  /** Told about each event when it has taken the one before. It must not fail. */
  readonly emit: (event: LifecycleEvent) => Promise<void>;
  /** Whether an instance that was frozen a moment ago was suspended, and not just paused. */
  readonly wasSuspended: (uuid: string, signal: AbortSignal) => Promise<boolean>;
  readonly logger: Logger;
}

/**
 * Follows what the engine reports of one host's instances and tells it as lifecycle events.
 *
 * A stream that broke is opened anew. Then the instances are listed, and the engine is asked what it remembers of the
 * time in between. What it has forgotten follows from what the instances did before and do now.
 *
 * A listener that takes its time holds up nobody but itself: the client of the engine keeps some thousand events for
 * it. When there are more, the stream is given up, and opened anew when all that were kept have been told.
 */
export class EventFollower {
  readonly #options: EventFollowerOptions;
  readonly #filters: EventFilters;
  readonly #stopping = new AbortController();
  readonly #activities = new Activities();
  readonly #recent = new RecentEvents();
  /** When the instances were first listed, by this process's own clock, milliseconds; undefined before. */
  #began: number | undefined;
  /** When the last event happened, by the engine's clock, seconds since 1970. */
  #last = -Infinity;
  #following: Promise<void> = Promise.resolve();

  constructor(options: EventFollowerOptions) {
    this.#options = options;
    this.#filters = { type: ['container'], label: [`${label.host}=${options.host}`] };
  }

  /**
   * Begins to follow. What has happened before is not told.
   *
   * @throws what the engine's client throws when the engine cannot be followed at all; the signal's reason when that
   * aborts.
   */
  async start(parent?: AbortSignal): Promise<void> {
    await withDeadline('the beginning of the event stream', longestBeginning, parent, async (signal) => {
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
    const { signal } = this.#stopping;
    let wait = shortestWait;
    while (!this.#isStopping()) {
      const opened = performance.now();
      try {
        await this.#followOneStream(begun);
      } catch (error) {
        if (this.#began === undefined) {
          failed(error);
          return;
        }
        if (!this.#isStopping()) this.#options.logger.warn('the events of the engine broke off', { error });
      }
      // One that breaks again and again, in whatever way, is not opened again and again at once.
      if (performance.now() - opened > longestWait) wait = shortestWait;
      await pause(wait, signal).catch(() => 'stopping');
      wait = Math.min(wait * 2, longestWait);
    }
  }

  /** Reads one stream until it breaks off. What it brings is handled when what was missed before it has been. */
  async #followOneStream(begun: () => void): Promise<never> {
    const leaving = new LinkedAbort(this.#stopping.signal);
    const { signal } = leaving;
    const { promise: opened, resolve: onOpen } = openPromise();
    let catchingUp: Promise<void> = Promise.resolve();
    const caughtUp = opened.then(() => {
      catchingUp = this.#catchUp(signal);
      return catchingUp.then(begun);
    });
    try {
      const read = async (): Promise<never> => {
        const { system } = this.#options.engine;
        for await (const event of system.events({ filters: this.#filters, signal, onOpen })) {
          await caughtUp;
          await this.#handle(event, signal);
        }
        throw new Error('the stream of events ended');
      };
      const [, nothing] = await Promise.all([caughtUp, read()]);
      return nothing;
    } finally {
      leaving.unlink();
      leaving.abort(new Error('the stream of events is not read any more'));
      // What it has found out, it tells to the end, before anything else is told.
      await Promise.allSettled([catchingUp]);
    }
  }

  /** Finds out what happened before a stream was opened. Nothing is done any more once that stream is left. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const found = await this.#list(signal);
    if (this.#began === undefined) {
      signal.throwIfAborted();
      this.#activities.begin(found);
      this.#began = performance.now();
      return;
    }
    this.#activities.interrupt();
    const now = await this.#engineTime(signal);
    await this.#handleMissed(this.#began, now, signal);
    const suspended = await this.#newlySuspended(found, signal);
    signal.throwIfAborted();
    for (const [uuid, transitions] of this.#activities.found(found))
      await this.#tell(uuid, transitions, suspended.has(uuid), now);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #list(signal: AbortSignal): Promise<Map<string, Activity>> {
    const containers = await this.#options.engine.containers.list({
      all: true,
      filters: { label: [`${label.host}=${this.#options.host}`] },
      signal,
    });
    return new Map(
      containers.flatMap(({ Labels: labels, Names: names, State: status }) => {
        const uuid = instanceUuid(labels, names);
        return uuid === undefined ? [] : [[uuid, activityOf(status)]];
      }),
    );
  }

  /**
   * Seconds since 1970 by the clock that the engine's events are dated with, rounded up. One that does not tell is
   * taken to have ours.
   */
  async #engineTime(signal: AbortSignal): Promise<number> {
    const { SystemTime: time } = await this.#options.engine.system.info({ signal });
    return ((time === undefined ? Date.now() : Date.parse(time)) + 1) / 1000;
  }

  /**
   * Handles what the engine remembers from the last event that was heard, else from when the following began, until
   * now.
   */
  async #handleMissed(began: number, now: number, signal: AbortSignal): Promise<void> {
    const { engine, logger } = this.#options;
    const beginning = now - (performance.now() - began) / 1000;
    // A clock that was set back must not make an interval that ends before it begins: engines refuse it.
    const since = Math.max(beginning, Math.min(this.#last, now) - disorder);
    // Read at once, as everything that an engine says of its events: it remembers few.
    const missed: EngineEvent[] = [];
    const past = { since, until: now, filters: this.#filters, signal };
    try {
      for await (const event of engine.system.pastEvents(past)) missed.push(event);
    } catch (error) {
      // It would be the same the next time, and for as long as the engine remembers it; the list tells the most of it.
      if (!(error instanceof EngineProtocolError)) throw error;
      logger.warn('what the engine remembers of its events cannot be read', { error });
    }
    for (const event of missed) await this.#handle(event, signal);
  }

  /** Which of the instances that are frozen now, and were not when last heard of, are suspended. */
  async #newlySuspended(found: ReadonlyMap<string, Activity>, signal: AbortSignal): Promise<Set<string>> {
    const suspended = new Set<string>();
    for (const [uuid, activity] of found) {
      if (activity !== 'paused' || this.#activities.of(uuid) === 'paused') continue;
      if (await this.#options.wasSuspended(uuid, signal)) suspended.add(uuid);
    }
    return suspended;
  }

  async #handle(event: EngineEvent, signal: AbortSignal): Promise<void> {
    const { Action: action, Actor: actor, timeNano } = event;
    const uuid = instanceUuid(actor.Attributes, [`/${actor.Attributes['name'] ?? ''}`]);
    if (uuid === undefined || this.#recent.has(event)) return;
    const isSuspended = action === 'pause' && (await this.#options.wasSuspended(uuid, signal));
    signal.throwIfAborted();
    this.#recent.add(event);
    this.#last = timeNano / 1e9;
    await this.#tell(uuid, this.#activities.happened(uuid, action), isSuspended, this.#last);
  }

  /**
   * The listener is waited for until the following is over: what is known to have happened must be told, whatever
   * becomes of the stream meanwhile.
   */
  async #tell(
    uuid: string,
    transitions: readonly LifecycleTransition[],
    isSuspended: boolean,
    timestamp: number,
  ): Promise<void> {
    const { signal } = this.#stopping;
    for (const transition of transitions) {
      signal.throwIfAborted();
      const told =
        transition === lifecycle_event.PAUSED && isSuspended ? lifecycle_event.SUSPENDED : transition;
      await unlessAborted(this.#options.emit({ uuid, transition: told, timestamp }), signal);
    }
  }
}

function openPromise(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
