import { EventEmitter } from 'node:events';
import type { Exchange, Fixture, RecordedRequest } from './fixture.js';
import { isLive } from './live.js';
import { compareRequests } from './matching.js';
import { nearest } from './nearest.js';
import { matchBeginning, TokenBindings } from './tokens.js';

/**
 * How a replay finds the answer to a request.
 *
 * - `in-order`: requests must come in the order of the recording, each once. Those that overlapped there may come in
 *   either order, and live ones (events, wait, followed logs, attached streams) at any time.
 * - `matching`: requests may come in any order. Those that are alike are answered in the order of the recording, and a
 *   GET or HEAD asked more often than recorded gets the last of its answers again, unless that is a live one. This is
 *   the mode for a client that does several things at once, whose requests mix in another way each time.
 */
export type ReplayMode = 'in-order' | 'matching';

/** A recorded exchange and its place among all those of a replay. */
export interface Entry {
  readonly exchange: Exchange;
  readonly index: number;
  /** For messages: `exchange 3 of "spawn"`. */
  readonly place: string;
  readonly live: boolean;
}

/** What a request found. */
type Finding = { readonly entry: Entry } | { readonly mismatch: string };

/** Keeps account of which recorded exchanges were asked for, and which random names stand for which. */
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
   * Whether what a client says in an upgraded connection begins as was recorded.
   *
   * @returns how many characters that is; undefined when it begins otherwise.
   */
  hear(recorded: string, said: string): number | undefined {
    const bindings = new TokenBindings(this.#bindings);
    const length = matchBeginning(recorded, said, bindings);
    this.#bindings = length === undefined ? this.#bindings : bindings;
    return length;
  }

  /**
   * Waits until the exchange at a place has been asked for, or the signal fires. One that is not there counts as asked.
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

  /** The first exchange that was over in the recording when this one began, and has not been asked for yet. */
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
