import { HypervisorUnavailable, NovaException } from '../../interfaces/index.js';
import type { EventFollower } from '../events/index.js';
import { LinkedAbort } from '../streams/index.js';
import type { ComputeNode } from '../verbs/index.js';

/**
 * Milliseconds that aborted verbs get for their rollback. A rollback is a handful of requests, seconds on a busy
 * engine. A service manager kills a process that does not end: systemd after 90 s.
 */
const longestEnding = 30_000;

/** A host between `init_host` and `cleanup_host`: its compute node and the running verbs. */
export class RunningHost {
  readonly #node: ComputeNode;
  readonly #events: EventFollower;
  /** The running verbs, by what aborts them. */
  readonly #verbs = new Map<LinkedAbort, Promise<unknown>>();
  readonly #leaving = new AbortController();
  readonly #background: Promise<void>;
  #isLeaving = false;

  /** @param background - work beside the verbs. Its signal aborts when the driver leaves the host. */
  constructor(node: ComputeNode, events: EventFollower, background: (leaving: AbortSignal) => Promise<void>) {
    this.#node = node;
    this.#events = events;
    this.#background = background(this.#leaving.signal).catch((error: unknown) => {
      if (!this.#leaving.signal.aborted)
        node.logger.error('what is done in the background failed', { error });
    });
  }

  /** The name of the host. */
  get host(): string {
    return this.#node.host;
  }

  /**
   * Runs a verb.
   *
   * @param signal - the caller's signal.
   * @param work - gets a signal that aborts when the caller's does, or when the driver leaves the host.
   * @throws what the work throws; the signal's reason when the signal has aborted; NovaException when the driver is
   * leaving the host.
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

  /** Refuses further verbs and aborts the running ones. */
  breakOff(): void {
    this.#isLeaving = true;
    const reason = new HypervisorUnavailable(`The driver has left host ${this.#node.host}`);
    for (const verb of this.#verbs.keys()) verb.abort(reason);
    this.#leaving.abort(reason);
  }

  /** Leaves the host once the aborted verbs have rolled back: stops events and closes all connections. */
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
