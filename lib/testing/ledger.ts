import { EventEmitter } from 'node:events';
import type { Exchange, Fixture, RecordedRequest } from './fixture.js';
import { isLive } from './live.js';
import { compareRequests } from './matching.js';
import { nearest } from './nearest.js';
import { matchBeginning, TokenBindings } from './tokens.js';

/**
 * How a replay matches recorded answers to requests.
 *
 * - `in-order`: requests must come in the recorded order, each once. Those that overlapped in the recording may come in
 *   any order, and live ones (events, wait, followed logs, attached streams) at any time.
 * - `matching`: requests may come in any order. Equal requests are answered in the recorded order. A GET or HEAD that
 *   is repeated more often than recorded receives its last answer again, unless it is live. This is the mode for a
 *   concurrent client, whose requests interleave differently in each run.
 */
export type ReplayMode = 'in-order' | 'matching';

/** A recorded exchange and its index in a replay. */
export interface Entry {
  readonly exchange: Exchange;
  readonly index: number;
  /** For messages: `exchange 3 of "spawn"`. */
  readonly place: string;
  readonly live: boolean;
}

/** The result of a lookup. */
type Finding = { readonly entry: Entry } | { readonly mismatch: string };

/** Tracks which recorded exchanges were requested, and the bindings of random names. */
export class Ledger {
  readonly #mode: ReplayMode;
  readonly #entries: readonly Entry[];
  readonly #used = new Set<Entry>();
  readonly #uses = new EventEmitter().setMaxListeners(0);
  #bindings = new TokenBindings();

  constructor(fixtures: readonly Fixture[], mode: ReplayMode) {
    this.#mode = mode;
    this.#entries = fixtures
      .flatMap(({ name, exchanges }) =>
        exchanges.map((exchange, i) => ({ exchange, place: `exchange ${i + 1} of "${name}"` })),
      )
      .map(({ exchange, place }, index) => ({ exchange, place, index, live: isLive(exchange.request) }));
  }

  get bindings(): TokenBindings {
    return this.#bindings;
  }

  get unused(): Entry[] {
    return this.#entries.filter((entry) => !this.#used.has(entry));
  }

  /** Finds the exchange that answers a request, and marks it as used. */
  take(asked: RecordedRequest): Finding {
    for (const entry of this.#candidates()) {
      const bindings = new TokenBindings(this.#bindings);
      if (compareRequests(entry.exchange.request, asked, bindings).length === 0) {
        this.#bindings = bindings;
        this.#used.add(entry);
        this.#uses.emit(String(entry.index));
        return { entry };
      }
    }
    return { mismatch: this.#explain(asked) };
  }

  /**
   * Whether the client's data in an upgraded connection begins with the recorded text.
   *
   * @returns the length of the match in characters; undefined without a match.
   */
  hear(recorded: string, said: string): number | undefined {
    const bindings = new TokenBindings(this.#bindings);
    const length = matchBeginning(recorded, said, bindings);
    this.#bindings = length === undefined ? this.#bindings : bindings;
    return length;
  }

  /**
   * Waits until the exchange at an index was requested, or the signal fires. An index beyond the recording counts as
   * requested.
   */
  reached(index: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const entry = this.#entries[index];
      if (entry === undefined || this.#used.has(entry) || signal.aborted) {
        resolve();
        return;
      }
      this.#uses.once(String(index), resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #candidates(): Entry[] {
    if (this.#mode === 'in-order') {
      return this.unused.filter((entry) => this.#missingBefore(entry) === undefined);
    }
    const repeatable = this.#entries.filter(
      (entry) =>
        this.#used.has(entry) && !entry.live && ['GET', 'HEAD'].includes(entry.exchange.request.method),
    );
    return [...this.unused, ...repeatable.reverse()];
  }

  /** The first unused exchange that had ended in the recording before this one began. */
  #missingBefore(entry: Entry): Entry | undefined {
    return entry.live
      ? undefined
      : this.unused.find(
          ({ index, live, exchange }) => !live && index + (exchange.overlaps ?? 0) < entry.index,
        );
  }

  #explain(asked: RecordedRequest): string {
    const what = `${asked.method} ${asked.path} was asked, but`;
    const found = nearest(this.#entries, asked, this.#bindings, this.#used);
    if (found === undefined) {
      return `${what} the recording is empty.`;
    }
    const { entry, differences } = found;
    const { method, path } = entry.exchange.request;
    if (differences.length > 0) {
      const list = differences.map((at) => `\n  ${at.where}: recorded ${at.recorded}, asked ${at.asked}`);
      return `${what} not recorded. Nearest is ${entry.place}, ${method} ${path}:${list.join('')}`;
    }
    const missing = this.#used.has(entry) ? undefined : this.#missingBefore(entry);
    return missing === undefined
      ? `${what} ${entry.place} has answered it already.`
      : `${what} ${missing.place}, ${missing.exchange.request.method} ${missing.exchange.request.path}, comes before.`;
  }
}
