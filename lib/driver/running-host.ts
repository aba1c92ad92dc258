import { HypervisorUnavailable, NovaException } from '../../interfaces/index.js';
import type { EventFollower } from '../events/index.js';
import { LinkedAbort } from '../streams/index.js';
import type { ComputeNode } from '../verbs/index.js';
import type { AssembledNode } from './assemble-node.js';

/**
 * Milliseconds that aborted verbs get for their rollback. A rollback is a handful of requests, seconds on a busy
 * engine. A service manager kills a process that does not end: systemd after 90 s.
 */
const maxStopMs = 30_000;

/** A host between `init_host` and `cleanup_host`: its compute node and the running verbs. */
export class RunningHost {
  readonly #node: AssembledNode;
  readonly #events: EventFollower;
  /** The running verbs, by what aborts them. */
  readonly #verbs = new Map<LinkedAbort, Promise<unknown>>();
  readonly #leaving = new AbortController();
  readonly #background: Promise<void>;
  #isLeaving = false;

  /** @param background - work beside the verbs. Its signal aborts when the driver leaves the host. */
  constructor(
    node: AssembledNode,
    events: EventFollower,
    background: (leaving: AbortSignal) => Promise<void>,
  ) {
    this.#node = node;
    this.#events = events;
    this.#background = background(this.#leaving.signal).catch((error: unknown) => {
      if (!this.#leaving.signal.aborted)
        node.logger.error('a background task of the driver failed', { error });
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
      throw new NovaException(`The driver is leaving host ${this.#node.host}: it starts no further verbs`);
    signal?.throwIfAborted();
    const aborting = new LinkedAbort(signal);
    const working = work(this.#node, aborting.signal);
    this.#verbs.set(aborting, working);
    try {
      return await working;
    } catch (error) {
      if (aborting.signal.aborted) this.#node.logger.debug('aborted a verb', { error });
      aborting.signal.throwIfAborted();
      throw error;
    } finally {
      this.#verbs.delete(aborting);
      aborting.unlink();
    }
  }

  /** Refuses further verbs and aborts the running ones. */
  abortVerbs(): void {
    this.#isLeaving = true;
    const reason = new HypervisorUnavailable(`The driver has stopped serving host ${this.#node.host}`);
    for (const verb of this.#verbs.keys()) verb.abort(reason);
    this.#leaving.abort(reason);
  }

  /** Leaves the host once the aborted verbs have rolled back: stops events and closes all connections. */
  async leave(): Promise<void> {
    this.abortVerbs();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, maxStopMs)));
    await Promise.race([Promise.allSettled([...this.#verbs.values(), this.#background]), tooLong]);
    clearTimeout(timer);
    const { host, engine, snapshotReceiver, serialConsoles, logger } = this.#node;
    if (this.#verbs.size > 0)
      logger.error('aborted verbs did not end in time: the next init_host removes what they left', {
        host,
        verbs: this.#verbs.size,
      });
    await this.#events.stop();
    await snapshotReceiver?.close();
    await serialConsoles?.stop();
    engine.close();
  }
}
