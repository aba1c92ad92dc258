import type { z } from 'zod';
import { LinkedAbort } from '../streams/index.js';
import { bufferEagerly } from './buffer-eagerly.js';
import { TruncatedStream } from './errors.js';
import { idMapping, type IdMapping } from './id-mapping.js';
import { path } from './request-path.js';
import {
  engineEvent,
  systemInfo,
  versionAnswer,
  type EngineEvent,
  type SystemInfo,
  type VersionAnswer,
} from './schemas/system.js';
import type { CallOptions, Session } from './session.js';

/**
 * Which events are wanted: those that match one value of every key. The engine ignores keys it does not know and then
 * sends everything.
 */
export interface EventFilters {
  readonly type?: readonly ('container' | 'image' | 'network' | 'daemon')[];
  readonly event?: readonly string[];
  /** `name` or `name=value`; here an event must match all. */
  readonly label?: readonly string[];
}

/** The engine itself. */
export class SystemApi {
  readonly #session: Session;
  #idMapping: { readonly known: IdMapping | undefined } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Asks whether the engine answers. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'GET',
      path: path`/_ping`,
      unversioned: true,
      timeout: this.#session.timeouts.read,
      signal: options.signal,
    });
  }

  /** Asks what the engine is. Unlike `Engine.negotiate` it asks each time. */
  async version(options: CallOptions = {}): Promise<VersionAnswer> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/version`,
        unversioned: true,
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      versionAnswer,
    );
  }

  /** Asks about the host and what the engine can do with it. */
  async info(options: CallOptions = {}): Promise<SystemInfo> {
    const info = await this.#session.json(
      {
        method: 'GET',
        path: path`/info`,
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      systemInfo,
    );
    this.#idMapping = { known: idMapping(info) };
    return info;
  }

  /**
   * Tells how to read the users and groups in the archives of `FilesApi.getArchive`; undefined when they are the
   * containers' own. It is in what {@link info} told last, so that this asks only where nobody has asked yet.
   */
  async idMapping(options: CallOptions = {}): Promise<IdMapping | undefined> {
    return this.#idMapping === undefined ? idMapping(await this.info(options)) : this.#idMapping.known;
  }

  /**
   * Follows what happens in the engine, for as long as the caller reads; leaving the loop closes the connection. The
   * engine is always read at once, because one whose reader stalls becomes slow for everybody.
   *
   * @param options - `onOpen` is called once the engine has begun to send: what happens from then on will be told.
   * @throws TruncatedStream when the connection breaks or the reader falls too far behind: events may be lost, ask anew
   * for the state of things; the signal's reason when that aborts.
   */
  async *events(
    options: CallOptions & { filters?: EventFilters; onOpen?: () => void } = {},
  ): AsyncGenerator<EngineEvent, void, void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const leaving = new LinkedAbort(signal);
    try {
      const events = this.#session.lines(
        {
          method: 'GET',
          path: path`/events`,
          query: { filters: options.filters },
          timeout: undefined,
          signal: leaving.signal,
        },
        this.#event(),
        options.onOpen,
      );
      yield* bufferEagerly(events, longestBacklog, 'the event stream');
      throw new TruncatedStream('the event stream ended');
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      leaving.unlink();
      leaving.abort();
    }
  }

  /**
   * Tells what has happened, as far as the engine remembers: its last 256 events of any kind, and none from before it
   * was started.
   *
   * @param options - `since` and `until`: seconds since 1970 by the engine's clock, with a fraction. The engine waits
   * for an end that is to come.
   */
  async *pastEvents(
    options: CallOptions & { since: number; until: number; filters?: EventFilters },
  ): AsyncGenerator<EngineEvent, void, void> {
    yield* this.#session.lines(
      {
        method: 'GET',
        path: path`/events`,
        query: { since: options.since, until: options.until, filters: options.filters },
        timeout: this.#session.timeouts.read,
        signal: options.signal,
      },
      this.#event(),
    );
  }

  /** An event has a container's labels among its attributes, and events may wait for their reader. */
  #event(): z.ZodType<EngineEvent> {
    return engineEvent.transform(({ Actor: { ID: id, Attributes: attributes }, ...event }) => {
      const { name } = attributes;
      const kept = this.#session.kept(attributes);
      return { ...event, Actor: { ID: id, Attributes: name === undefined ? kept : { ...kept, name } } };
    });
  }
}

/** Events that wait for their reader, some hundred bytes each. A host makes some hundred a second at most. */
const longestBacklog = 10_000;
