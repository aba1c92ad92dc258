import { randomInt } from 'node:crypto';
import type { ConsoleConnection, Logger } from '../../interfaces/index.js';
import { SocketPortRangeExhaustedException } from '../../interfaces/index.js';
import { codeOf } from '../streams/index.js';
import { SerialConsole, type AttachTerminal } from './serial-console.js';

/** The first and the last port to use. */
export type PortRange = readonly [first: number, last: number];

/** Options of {@link SerialConsoles}. */
export interface SerialConsolesOptions {
  /** The address of this machine to listen on. */
  readonly address: string;
  readonly ports: PortRange;
  readonly logger: Logger;
  /** Milliseconds within which a user, and a terminal, must accept the other's bytes; default: one minute. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;

/** The serial consoles of a host: one per instance, opened on request and kept until closed. */
export class SerialConsoles {
  readonly #options: SerialConsolesOptions;
  readonly #open = new Map<string, Promise<SerialConsole>>();
  readonly #ending = new AbortController();
  #nextPort: number;

  constructor(options: SerialConsolesOptions) {
    this.#options = options;
    const [first, last] = options.ports;
    // Start at a random port: a restarted driver should not give a previous instance's port, which users may still try,
    // to another instance.
    this.#nextPort = randomInt(first, last + 1);
  }

  /**
   * Opens an instance's console; a console that is open stays as it is.
   *
   * @param instance - the instance's uuid.
   * @param attach - called for each user who connects.
   * @throws SocketPortRangeExhaustedException when all ports are taken; the system's error when the address is not
   * usable.
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
   * Closes an instance's console, if any: it refuses new users, and a connected user keeps the terminal until that
   * ends.
   *
   * @param instance - the instance's uuid.
   */
  async close(instance: string): Promise<void> {
    const opening = this.#open.get(instance);
    this.#open.delete(instance);
    const [opened] = await Promise.allSettled([opening]);
    // The caller of `open` receives the error of a console that failed to open.
    if (opened.status === 'fulfilled') opened.value?.close();
  }

  /** Closes all consoles and disconnects their users. No console can be opened afterwards. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the driver has stopped serving the host'));
    await Promise.all([...this.#open.keys()].map((instance) => this.close(instance)));
  }

  async #listen(instance: string, attach: AttachTerminal): Promise<SerialConsole> {
    const { address, ports, logger, timeoutMs = defaultTimeoutMs } = this.#options;
    const { signal } = this.#ending;
    const [first, last] = ports;
    for (let tried = first; tried <= last; tried += 1) {
      signal.throwIfAborted();
      try {
        const options = { instance, attach, timeoutMs, signal, logger };
        return await SerialConsole.listen(address, this.#takePort(), options);
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE') throw error;
      }
    }
    throw new SocketPortRangeExhaustedException(
      `None of the ports ${first} to ${last} of ${address} is free for a serial console: widen serialConsole.ports`,
      { instance_uuid: instance },
    );
  }

  /** Round robin, so that a released port is reused as late as possible. */
  #takePort(): number {
    const [first, last] = this.#options.ports;
    const port = this.#nextPort;
    this.#nextPort = port === last ? first : port + 1;
    return port;
  }
}
