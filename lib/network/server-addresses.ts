import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '../../interfaces/index.js';
import { ComputeResourcesUnavailable } from '../../interfaces/index.js';
import type { AddressBlock } from '../common/index.js';
import { addressAlone } from '../common/index.js';
import { asError, codeOf, raceSignal, withDeadline } from '../streams/index.js';

/**
 * Deadlines for resolving one name, in milliseconds. A resolver asks the next name server after some five seconds; the
 * last known addresses spare the wait for that.
 */
const deadlines = { first: 30_000, again: 5000 } as const;

/**
 * Resolves the names of servers, and remembers their last addresses for times without name resolution.
 *
 * A name without addresses is no server that the driver can send a request to, so nothing is reserved for it. A name
 * that was never resolved because name resolution fails may belong to any subnet, so no network may be created.
 */
export class ServerAddresses {
  readonly #logger: Logger;
  readonly #known = new Map<string, readonly AddressBlock[]>();
  /** Names in the log since their last successful lookup. */
  readonly #warned = new Set<string>();
  /** Lookups under way: one that takes long must not be started again and again. */
  readonly #lookups = new Map<string, Promise<readonly AddressBlock[]>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * The addresses of a server.
   *
   * @param name - a host name or an IP address.
   * @returns the addresses of now; the last known ones when the name cannot be resolved; none when it has none.
   * @throws ComputeResourcesUnavailable when name resolution fails and has never succeeded for this name.
   */
  async of(name: string, signal: AbortSignal | undefined): Promise<readonly AddressBlock[]> {
    if (isIP(name) !== 0) return [addressAlone(name)].filter((block) => block !== undefined);
    const known = this.#known.get(name);
    const deadline = known === undefined ? deadlines.first : deadlines.again;
    try {
      return await withDeadline(`resolving the name ${name}`, deadline, signal, (within) =>
        raceSignal(this.#resolve(name), within),
      );
    } catch (error) {
      signal?.throwIfAborted();
      this.#warn(name, known, error);
      if (known !== undefined) return known;
      if (codeOf(error) === 'ENOTFOUND') return [];
      throw new ComputeResourcesUnavailable(
        `No network can be created on this host: the name ${name} of a server that the driver talks to cannot be resolved (${asError(error).message}), so its addresses cannot be compared with subnets. Repair name resolution, or give the server by its IP address`,
        { cause: error },
      );
    }
  }

  #resolve(name: string): Promise<readonly AddressBlock[]> {
    const underWay = this.#lookups.get(name);
    if (underWay !== undefined) return underWay;
    const started = this.#lookUp(name).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, started);
    return started;
  }

  async #lookUp(name: string): Promise<readonly AddressBlock[]> {
    const found = await lookup(name, { all: true });
    const blocks = found.flatMap(({ address }) => addressAlone(address) ?? []);
    this.#known.set(name, blocks);
    this.#warned.delete(name);
    return blocks;
  }

  #warn(name: string, known: readonly AddressBlock[] | undefined, error: unknown): void {
    if (this.#warned.has(name)) return;
    this.#warned.add(name);
    this.#logger.warn('could not resolve the name of a server that the driver connects to', {
      server: name,
      lastKnown: known?.map(({ address }) => address),
      error,
    });
  }
}
