import { getServers } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '../../interfaces/index.js';
import type { EngineAddress } from '../engine/index.js';
import { unlessAborted, withDeadline } from '../streams/index.js';
import type { AddressBlock } from './address-block.js';
import { addressAlone, addressBlock, overlap } from './address-block.js';
import type { Reservation } from './host-network.js';
import { networkFolderOf, ownFolder, reservationsIn } from './host-network.js';

/** Milliseconds that the addresses of one name may take to be found. */
const longestLookup = 5000;

/** What a host keeps from the networks of its instances. */
export interface HostReservations {
  /** Where its engine is. */
  readonly address: EngineAddress;
  /** Subnets that the operator names. */
  readonly reservedSubnets: readonly string[];
  /** URLs of the services that the driver talks to. */
  readonly servers: (signal: AbortSignal | undefined) => Promise<readonly string[]>;
  readonly logger: Logger;
}

/**
 * The addresses that no network of instances may have on a host. The engine's bridge takes the route to its subnet, so
 * what the host sends there would go to the instances: its requests to a neighbour, and the tokens in them.
 *
 * Where the engine is on this machine, these are the addresses and routes of its network namespace, the name servers,
 * and the servers that the driver talks to. Of a remote engine only its own address is known, and what the operator
 * names.
 */
export class ReservedSubnets {
  readonly #host: HostReservations;
  #hasWarned = false;

  constructor(host: HostReservations) {
    this.#host = host;
  }

  /** @returns what has an address in one of these subnets, as a noun phrase; undefined when nothing has. */
  async conflict(subnets: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const blocks = subnets.flatMap((cidr) => addressBlock(cidr) ?? []);
    if (blocks.length === 0) return undefined;
    const isTaken = ({ block }: Reservation): boolean => blocks.some((wanted) => overlap(block, wanted));
    return (
      this.#named().find(isTaken)?.what ??
      (await this.#ofNamespace()).find(isTaken)?.what ??
      (await this.#ofServers(signal)).find(isTaken)?.what
    );
  }

  #named(): Reservation[] {
    return this.#host.reservedSubnets.flatMap((cidr) => {
      const block = addressBlock(cidr);
      return block === undefined ? [] : [{ block, what: `${cidr} of the option reservedSubnets` }];
    });
  }

  async #ofNamespace(): Promise<Reservation[]> {
    const { address, logger } = this.#host;
    if (!('socketPath' in address)) return [];
    const folder = await networkFolderOf(address.socketPath);
    if (folder === undefined && !this.#hasWarned) {
      this.#hasWarned = true;
      logger.warn(
        "the engine's network namespace cannot be found: subnets are compared with this process's own addresses and routes; name those of the engine's host in the option reservedSubnets",
        { socket: address.socketPath },
      );
    }
    return await reservationsIn(folder ?? ownFolder);
  }

  async #ofServers(signal: AbortSignal | undefined): Promise<Reservation[]> {
    const { address, servers } = this.#host;
    if (!('socketPath' in address))
      return await this.#ofName(address.hostname, `the engine at ${address.hostname}`, signal);
    const urls = await servers(signal);
    const hosts = new Set(urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : [])));
    const found = [...hosts].map((host) => this.#ofName(host, `the server ${host} of the driver`, signal));
    const resolvers = getServers().flatMap((server) => addressAlone(server) ?? []);
    return [
      ...(await Promise.all(found)).flat(),
      ...resolvers.map((block) => ({ block, what: `the name server ${block.address} of the host` })),
    ];
  }

  async #ofName(name: string, what: string, signal: AbortSignal | undefined): Promise<Reservation[]> {
    const addresses = await this.#resolved(name.replace(/^\[(.*)\]$/, '$1'), signal);
    return addresses.map((block) => ({ block, what: `${what} (${block.address})` }));
  }

  /** A name without addresses cannot be reached by the driver either: it is logged, and keeps nothing. */
  async #resolved(name: string, signal: AbortSignal | undefined): Promise<AddressBlock[]> {
    if (isIP(name) !== 0) return [addressAlone(name)].filter((block) => block !== undefined);
    try {
      const found = await withDeadline(`the addresses of ${name}`, longestLookup, signal, (within) =>
        unlessAborted(lookup(name, { all: true }), within),
      );
      return found.flatMap(({ address }) => addressAlone(address) ?? []);
    } catch (error) {
      signal?.throwIfAborted();
      this.#host.logger.warn('a server of the driver has no address to compare subnets with', {
        server: name,
        error,
      });
      return [];
    }
  }
}
