import type { LifecycleEvent, LifecycleTransition, Logger } from '../../interfaces/index.js';
import { lifecycle_event } from '../../interfaces/index.js';
import type { Engine, EngineEvent, EventFilters } from '../engine/index.js';
import { EngineProtocolError } from '../engine/index.js';
import { instanceUuid, label } from '../common/index.js';
import { asError, LinkedAbort, sleep, raceSignal, withDeadline } from '../streams/index.js';
import { Activities } from './activities.js';
import { RecentEvents } from './recent-events.js';
import type { Activity } from './transitions.js';
import { activityOf } from './transitions.js';

/**
 * Milliseconds before the stream is reopened after it broke: the first wait, doubled each time up to the second value.
 */
const minWaitMs = 100;
const maxWaitMs = 5_000;
/** Deadline in milliseconds for the stream's first response; engines respond at once. */
const openTimeoutMs = 60_000;
/**
 * Seconds that an event's time may lie before that of the previous event: the engine takes the time before it queues
 * the event.
 */
const disorderSeconds = 1;

/** Options of {@link EventFollower}. */
interface EventFollowerOptions {
  readonly engine: Engine;
  readonly host: string;
  /** Receives each event after it has processed the previous one. It must not reject. */
  readonly emit: (event: LifecycleEvent) => Promise<void>;
  /** Whether an instance whose container was just paused is suspended rather than paused. */
  readonly wasSuspended: (uuid: string, signal: AbortSignal) => Promise<boolean>;
  readonly logger: Logger;
}

/**
 * Follows the engine's events about one host's instances and emits lifecycle events.
 *
 * When the stream breaks, the follower reopens it, lists the instances and asks the engine for the events in between.
 * If the engine has forgotten some, the follower derives them from the instances' previous and current activities.
 *
 * A slow listener delays only its own events: the engine's client buffers about a thousand. When the buffer overflows,
 * the client ends the stream; the follower emits the buffered events and reopens it.
 */
export class EventFollower {
  readonly #options: EventFollowerOptions;
  readonly #filters: EventFilters;
  readonly #stopping = new AbortController();
  readonly #activities = new Activities();
  readonly #recent = new RecentEvents();
  /** When the instances were first listed, in milliseconds of this process's monotonic clock; undefined before. */
  #began: number | undefined;
  /** Time of the last event, in seconds since 1970 by the engine's clock. */
  #last = -Infinity;
  #following: Promise<void> = Promise.resolve();

  constructor(options: EventFollowerOptions) {
    this.#options = options;
    this.#filters = { type: ['container'], label: [`${label.host}=${options.host}`] };
  }

  /**
   * Starts following. Earlier events are not emitted.
   *
   * @throws what the engine's client throws when the first stream cannot be opened; the signal's reason when it aborts.
   */
  async start(parent?: AbortSignal): Promise<void> {
    await withDeadline('the beginning of the event stream', openTimeoutMs, parent, async (signal) => {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          this.#stopping.abort(signal.reason);
          reject(asError(signal.reason));
        });
        this.#following = this.#follow(resolve, reject);
      });
    });
  }

  /** Stops following. No event is emitted after it resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the driver has stopped following the events'));
    await this.#following;
  }

  async #follow(begun: () => void, failed: (error: unknown) => void): Promise<void> {
    const { signal } = this.#stopping;
    let wait = minWaitMs;
    while (!this.#isStopping()) {
      const opened = performance.now();
      try {
        await this.#followOneStream(begun);
      } catch (error) {
        if (this.#began === undefined) {
          failed(error);
          return;
        }
        if (!this.#isStopping())
          this.#options.logger.warn('the event stream of the engine broke: opening another', { error });
      }
      // Back off: a stream that breaks again and again is not reopened at once.
      if (performance.now() - opened > maxWaitMs) wait = minWaitMs;
      await sleep(wait, signal).catch(() => 'stopping');
      wait = Math.min(wait * 2, maxWaitMs);
    }
  }

  /** Reads one stream until it breaks. It handles the stream's events after those that were missed before it. */
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
        throw new Error('the event stream ended');
      };
      const [, nothing] = await Promise.all([caughtUp, read()]);
      return nothing;
    } finally {
      leaving.unlink();
      leaving.abort(new Error('the event stream is no longer read'));
      // Emit the events that were missed before anything from the next stream.
      await Promise.allSettled([catchingUp]);
    }
  }

  /** Determines what happened before a stream was opened; stops when that stream is left. */
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
   * The engine's time in seconds since 1970, plus a millisecond for events within the current one. If the engine does
   * not report its time, this machine's clock is used.
   */
  async #engineTime(signal: AbortSignal): Promise<number> {
    const { SystemTime: time } = await this.#options.engine.system.info({ signal });
    return ((time === undefined ? Date.now() : Date.parse(time)) + 1) / 1000;
  }

  /**
   * Handles the events that the engine remembers, from the last event handled, or from when following began, until
   * `now`.
   */
  async #handleMissed(began: number, now: number, signal: AbortSignal): Promise<void> {
    const { engine, logger } = this.#options;
    const beginning = now - (performance.now() - began) / 1000;
    // If a clock was set back, the interval must not end before it begins: engines refuse that.
    const since = Math.max(beginning, Math.min(this.#last, now) - disorderSeconds);
    // Read all before handling any: the engine remembers few events.
    const missed: EngineEvent[] = [];
    const past = { since, until: now, filters: this.#filters, signal };
    try {
      for await (const event of engine.system.pastEvents(past)) missed.push(event);
    } catch (error) {
      // A retry would fail in the same way while the engine remembers the malformed event. The list reveals most of what
      // happened.
      if (!(error instanceof EngineProtocolError)) throw error;
      logger.warn("could not read the engine's past events", { error });
    }
    for (const event of missed) await this.#handle(event, signal);
  }

  /** The instances that are frozen now, were not at the last update, and are suspended. */
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

  /** Waits for the listener until following stops, not just until the stream breaks: a known event must be emitted. */
  async #tell(
    uuid: string,
    transitions: readonly LifecycleTransition[],
    isSuspended: boolean,
    timestamp: number,
  ): Promise<void> {
    const { signal } = this.#stopping;
    for (const transition of transitions) {
      signal.throwIfAborted();
      const reported =
        transition === lifecycle_event.PAUSED && isSuspended ? lifecycle_event.SUSPENDED : transition;
      await raceSignal(this.#options.emit({ uuid, transition: reported, timestamp }), signal);
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
