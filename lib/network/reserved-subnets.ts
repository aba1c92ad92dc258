import { getServers } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Logger } from '../../interfaces/index.js';
import type { EngineAddress } from '../engine/index.js';
import { raceSignal, withDeadline } from '../streams/index.js';
import type { AddressBlock } from '../common/index.js';
import { addressAlone, addressBlock, overlap } from '../common/index.js';
import type { Reservation } from './host-network.js';
import { networkFolderOf, ownFolder, reservationsIn } from './host-network.js';

/** Deadline for resolving one name, in milliseconds. */
const longestLookup = 5000;

/** Where to find the addresses that a host reserves. */
export interface HostReservations {
  /** The address of the host's engine. */
  readonly address: EngineAddress;
  /** Subnets that the operator reserves. */
  readonly reservedSubnets: readonly string[];
  /** URLs of the services that the driver sends requests to. */
  readonly servers: (signal: AbortSignal | undefined) => Promise<readonly string[]>;
  readonly logger: Logger;
}

/**
 * The addresses that no network of instances may contain on a host. The engine's bridge takes over the route to its
 * subnet, so the host's traffic to these addresses would reach the instances: its requests, and the tokens in them.
 *
 * For an engine on this machine, these are the addresses and routes of the engine's network namespace, the name
 * servers, and the servers that the driver sends requests to. For a remote engine they are the engine's own address and
 * the subnets that the operator reserves.
 */
export class ReservedSubnets {
  readonly #host: HostReservations;
  #hasWarned = false;

  constructor(host: HostReservations) {
    this.#host = host;
  }

  /** @returns a noun phrase for an address holder inside these subnets; undefined when there is none. */
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

  /** The driver cannot reach a name without addresses either: it logs the name and reserves nothing. */
  async #resolved(name: string, signal: AbortSignal | undefined): Promise<AddressBlock[]> {
    if (isIP(name) !== 0) return [addressAlone(name)].filter((block) => block !== undefined);
    try {
      const found = await withDeadline(`the addresses of ${name}`, longestLookup, signal, (within) =>
        raceSignal(lookup(name, { all: true }), within),
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
