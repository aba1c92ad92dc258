import { join } from 'node:path';
import type { Logger } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import type { EngineAddress } from '../../engine/index.js';
import type { AddressBlock } from '../../common/index.js';
import { addressBlock, overlap, withoutSecrets } from '../../common/index.js';
import { engineProcess, ownProcess } from './engine-process.js';
import type { Reservation } from './host-network.js';
import { reservationsIn } from './host-network.js';
import { nameServersIn, nodeNameServers, together } from './name-servers.js';
import { ServerAddresses } from './server-addresses.js';

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
 *
 * A subnet is compared when its network is created: addresses that the host gets later are not compared with it.
 */
export class HostSubnets {
  readonly #host: HostReservations;
  readonly #servers: ServerAddresses;
  /** Warnings in the log already. */
  readonly #warned = new Set<string>();

  constructor(host: HostReservations) {
    this.#host = host;
    this.#servers = new ServerAddresses(host.logger);
  }

  /**
   * Compares subnets with the reserved addresses.
   *
   * @returns a noun phrase for an address holder inside these subnets; undefined when there is none.
   * @throws ComputeResourcesUnavailable when the addresses of a server are unknown, see {@link ServerAddresses.of}.
   * @throws NovaException when the image service returns something other than URLs, and what its `servers` throws.
   */
  async conflict(subnets: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const blocks = subnets.flatMap((cidr) => addressBlock(cidr) ?? []);
    if (blocks.length === 0) return undefined;
    const isTaken = ({ block }: Reservation): boolean => blocks.some((wanted) => overlap(block, wanted));
    return (
      this.#named().find(isTaken)?.what ??
      (await this.#ofMachine()).find(isTaken)?.what ??
      (await this.#ofServers(signal)).find(isTaken)?.what
    );
  }

  #named(): Reservation[] {
    return this.#host.reservedSubnets.flatMap((cidr) => {
      const block = addressBlock(cidr);
      return block === undefined ? [] : [{ block, what: `${cidr} of the option reservedSubnets` }];
    });
  }

  async #ofMachine(): Promise<Reservation[]> {
    const { address } = this.#host;
    if (!('socketPath' in address)) return [];
    const process = await engineProcess(address.socketPath);
    if (process === undefined)
      this.#warn(
        "the engine's network namespace cannot be found: subnets are compared with this process's own addresses and routes; name those of the engine's host in the option reservedSubnets",
        { socket: address.socketPath },
      );
    const [network, nameServers] = await Promise.all([
      reservationsIn(join(process ?? ownProcess, 'net')),
      this.#nameServers(process),
    ]);
    return [...network, ...nameServers];
  }

  /** The name servers of this process and of the engine, which may have another root directory. */
  async #nameServers(process: string | undefined): Promise<Reservation[]> {
    const roots = process === undefined || process === ownProcess ? ['/'] : ['/', join(process, 'root')];
    const { addresses, faults } = together([
      nodeNameServers(),
      ...(await Promise.all(roots.map(nameServersIn))),
    ]);
    for (const fault of faults)
      this.#warn(
        `a name server of the host is not compared with subnets: ${fault}; name its address in the option reservedSubnets`,
      );
    if (addresses.every(isLoopback))
      this.#warn(
        'the host asks a local name server only: name the servers that it asks in the option reservedSubnets',
        { nameServers: addresses.map(({ address }) => address) },
      );
    return addresses.map((block) => ({ block, what: `the name server ${block.address} of the host` }));
  }

  async #ofServers(signal: AbortSignal | undefined): Promise<Reservation[]> {
    const { address, servers } = this.#host;
    if (!('socketPath' in address))
      return await this.#ofName(address.hostname, `the engine at ${address.hostname}`, signal);
    const hosts = new Set((await servers(signal)).map(hostOf));
    const found = [...hosts].map((host) => this.#ofName(host, `the server ${host} of the driver`, signal));
    return (await Promise.all(found)).flat();
  }

  async #ofName(name: string, what: string, signal: AbortSignal | undefined): Promise<Reservation[]> {
    const addresses = await this.#servers.of(name.replace(/^\[(.*)\]$/, '$1'), signal);
    return addresses.map((block) => ({ block, what: `${what} (${block.address})` }));
  }

  #warn(message: string, details?: Readonly<Record<string, unknown>>): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#host.logger.warn(message, details);
  }
}

const isLoopback = ({ address }: AddressBlock): boolean => address.startsWith('127.') || address === '::1';

/** @throws NovaException when the URL has no host: an address that is not compared could be captured. */
function hostOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (host !== '') return host;
  throw new NovaException(
    `The image service's servers() returned ${JSON.stringify(withoutSecrets(url))}, which is not the URL of a server: write https://glance.example:9292`,
  );
}
