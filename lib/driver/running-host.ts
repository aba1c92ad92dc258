import { HypervisorUnavailable, NovaException } from '../../interfaces/index.js';
import type { EventFollower } from '../events/index.js';
import { LinkedAbort } from '../streams/index.js';
import type { ComputeNode } from '../verbs/index.js';

/**
 * Milliseconds that verbs which were broken off get to undo what they did. An undo is a handful of requests, seconds on
 * a busy engine; whoever ends this process may kill it after 90 s, as systemd does.
 */
const longestEnding = 30_000;

/** A host from `init_host` to `cleanup_host`: what it works with, and the verbs that are under way. */
export class RunningHost {
  readonly #node: ComputeNode;
  readonly #events: EventFollower;
  /** By what breaks each of them off. */
  readonly #verbs = new Map<LinkedAbort, Promise<unknown>>();
  readonly #leaving = new AbortController();
  readonly #background: Promise<void>;
  #isLeaving = false;

  /** @param background - what is done beside the verbs until it ends, or its signal aborts because the host is left. */
  constructor(node: ComputeNode, events: EventFollower, background: (leaving: AbortSignal) => Promise<void>) {
    this.#node = node;
    this.#events = events;
    this.#background = background(this.#leaving.signal).catch((error: unknown) => {
      if (!this.#leaving.signal.aborted)
        node.logger.error('what is done in the background failed', { error });
    });
  }

  /**
   * Runs a verb.
   *
   * @param signal - the caller's.
   * @param work - is given a signal that aborts when the caller's does, or when the host is left.
   * @throws what the work throws, but the signal's own reason when that has aborted; NovaException when the host is
   * being left.
   */
  async run<T>(
    signal: AbortSignal | undefined,
    work: (node: ComputeNode, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#isLeaving)
      throw new NovaException(`The driver leaves host ${this.#node.host}: no verb begins any more`);
    signal?.throwIfAborted();
    const breaking = new LinkedAbort(signal);
    const working = work(this.#node, breaking.signal);
    this.#verbs.set(breaking, working);
    try {
      return await working;
    } catch (error) {
      if (breaking.signal.aborted) this.#node.logger.debug('a verb was broken off', { error });
      breaking.signal.throwIfAborted();
      throw error;
    } finally {
      this.#verbs.delete(breaking);
      breaking.unlink();
    }
  }

  /** From now on verbs are refused; those under way are broken off. */
  breakOff(): void {
    this.#isLeaving = true;
    const reason = new HypervisorUnavailable(`The driver has left host ${this.#node.host}`);
    for (const verb of this.#verbs.keys()) verb.abort(reason);
    this.#leaving.abort(reason);
  }

  /**
   * Leaves the host, when the verbs have undone what they did: no event is told any more, and all connections are
   * closed.
   */
  async leave(): Promise<void> {
    this.breakOff();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, longestEnding)));
    await Promise.race([Promise.allSettled([...this.#verbs.values(), this.#background]), tooLong]);
    clearTimeout(timer);
    const { host, engine, serialConsoles, logger } = this.#node;
    if (this.#verbs.size > 0)
      logger.error('verbs that were broken off did not end: what they left is found by init_host', {
        host,
        verbs: this.#verbs.size,
      });
    await this.#events.stop();
    await serialConsoles?.stop();
    engine.close();
  }
}
