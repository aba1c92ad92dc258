import { randomInt } from 'node:crypto';
import type { ConsoleConnection, Logger } from '../../interfaces/index.js';
import { SocketPortRangeExhaustedException } from '../../interfaces/index.js';
import { codeOf } from '../streams/index.js';
import { SerialConsole, type AttachTerminal } from './serial-console.js';

/** The first and the last of the ports that may be used. */
export type PortRange = readonly [first: number, last: number];

/** Where a host's serial consoles are. */
export interface SerialConsolesOptions {
  /** The address of this machine's that they are reached at. */
  readonly address: string;
  readonly ports: PortRange;
  readonly logger: Logger;
  /** Milliseconds in which a user, and a terminal, must take what the other has said; default a minute. */
  readonly patience?: number;
}

const defaultPatience = 60_000;

/** The serial consoles of a host, one for each instance that was asked for, as long as it is there. */
export class SerialConsoles {
  readonly #options: SerialConsolesOptions;
  readonly #open = new Map<string, Promise<SerialConsole>>();
  readonly #ending = new AbortController();
  #nextPort: number;

  constructor(options: SerialConsolesOptions) {
    this.#options = options;
    const [first, last] = options.ports;
    // A driver that was restarted shall not give the ports of the one before to other instances, whose users may still
    // come.
    this.#nextPort = randomInt(first, last + 1);
  }

  /**
   * Opens an instance's console; one that is open stays as it is.
   *
   * @param instance - its uuid.
   * @param attach - called for each user who comes.
   * @throws SocketPortRangeExhaustedException when all ports are taken; what the system says when the address cannot be
   * used.
   */
  async open(instance: string, attach: AttachTerminal): Promise<ConsoleConnection> {
    const opening = this.#open.get(instance) ?? this.#listen(instance, attach);
    this.#open.set(instance, opening);
    try {
      const { port } = await opening;
      return { host: this.#options.address, port, internal_access_path: null };
    } catch (error) {
      if (this.#open.get(instance) === opening) this.#open.delete(instance);
      throw error;
    }
  }

  /**
   * Closes an instance's console, where there is one: nobody comes in any more, and who is in has the terminal until
   * that ends.
   *
   * @param instance - its uuid.
   */
  async close(instance: string): Promise<void> {
    const opening = this.#open.get(instance);
    this.#open.delete(instance);
    const [opened] = await Promise.allSettled([opening]);
    // Why one could not be opened is told to whoever asked for it.
    if (opened.status === 'fulfilled') opened.value?.close();
  }

  /** Closes all consoles, and cuts off who is in. No more can be opened. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the driver has left the host'));
    await Promise.all([...this.#open.keys()].map((instance) => this.close(instance)));
  }

  async #listen(instance: string, attach: AttachTerminal): Promise<SerialConsole> {
    const { address, ports, logger, patience = defaultPatience } = this.#options;
    const { signal } = this.#ending;
    const [first, last] = ports;
    for (let tried = first; tried <= last; tried += 1) {
      signal.throwIfAborted();
      try {
        const options = { instance, attach, patience, signal, logger };
        return await SerialConsole.listen(address, this.#takePort(), options);
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE') throw error;
      }
    }
    throw new SocketPortRangeExhaustedException(
      `None of the ports ${first} to ${last} of ${address} is free for a serial console`,
      { instance_uuid: instance },
    );
  }

  /** In turn, so that a port which was given up is given to another instance as late as can be. */
  #takePort(): number {
    const [first, last] = this.#options.ports;
    const port = this.#nextPort;
    this.#nextPort = port === last ? first : port + 1;
    return port;
  }
}
