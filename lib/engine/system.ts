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
 * An event filter: an event must match one value of every key. Engines ignore an unknown key and then send every event.
 */
export interface EventFilters {
  readonly type?: readonly ('container' | 'image' | 'network' | 'daemon')[];
  readonly event?: readonly string[];
  /** `name` or `name=value`. Unlike other keys, an event must match all values. */
  readonly label?: readonly string[];
}

/** The system-wide API of an engine. */
export class SystemApi {
  readonly #session: Session;
  #idMapping: { readonly known: IdMapping | undefined } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Checks that the engine answers. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.#session.status({
      method: 'GET',
      path: path`/_ping`,
      unversioned: true,
      timeout: this.#session.timeouts.readMs,
      signal: options.signal,
    });
  }

  /** Returns the engine's version. Unlike `Engine.negotiate`, it sends a request every time. */
  async version(options: CallOptions = {}): Promise<VersionAnswer> {
    return this.#session.json(
      {
        method: 'GET',
        path: path`/version`,
        unversioned: true,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      versionAnswer,
    );
  }

  /** Returns information about the engine and its host. */
  async info(options: CallOptions = {}): Promise<SystemInfo> {
    const info = await this.#session.json(
      {
        method: 'GET',
        path: path`/info`,
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      systemInfo,
    );
    this.#idMapping = { known: idMapping(info) };
    return info;
  }

  /**
   * Returns the mapping of user and group ids in the archives of `FilesApi.getArchive`; undefined when they are the
   * containers' own. Cached from the latest {@link info}, which is called only if it has not been yet.
   */
  async idMapping(options: CallOptions = {}): Promise<IdMapping | undefined> {
    return this.#idMapping === undefined ? idMapping(await this.info(options)) : this.#idMapping.known;
  }

  /**
   * Streams events until the caller leaves the loop, which closes the connection. Events are buffered eagerly, because
   * an engine whose reader stalls slows down for all clients.
   *
   * @param options - `onOpen` is called when the answer begins: every event from then on is delivered.
   * @throws TruncatedStream when the connection breaks or the reader falls too far behind. Events may then be lost:
   * read the current state again. The signal's reason when that aborts.
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
      yield* bufferEagerly(events, maxBacklog, 'the event stream');
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
   * Returns past events. An engine remembers its last 256 events of any kind since it started.
   *
   * @param options - `since` and `until`: seconds since 1970 by the engine's clock, with a fraction. If `until` is in
   * the future, the engine waits until then.
   */
  async *pastEvents(
    options: CallOptions & { since: number; until: number; filters?: EventFilters },
  ): AsyncGenerator<EngineEvent, void, void> {
    yield* this.#session.lines(
      {
        method: 'GET',
        path: path`/events`,
        query: { since: options.since, until: options.until, filters: options.filters },
        timeout: this.#session.timeouts.readMs,
        signal: options.signal,
      },
      this.#event(),
    );
  }

  /** An event's attributes include all labels of its container. Filtering them bounds the memory of buffered events. */
  #event(): z.ZodType<EngineEvent> {
    return engineEvent.transform(({ Actor: { ID: id, Attributes: attributes }, ...event }) => {
      const { name } = attributes;
      const kept = this.#session.kept(attributes);
      return { ...event, Actor: { ID: id, Attributes: name === undefined ? kept : { ...kept, name } } };
    });
  }
}

/** The maximum number of buffered events, some hundred bytes each. A host produces at most some hundred a second. */
const maxBacklog = 10_000;
