import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../interfaces/index.js';
import { carry } from './carry.js';

/**
 * Attaches to a terminal: reading yields its output, writing sends input. Destroying the stream leaves the terminal
 * alone.
 *
 * @param signal - aborts when the console ends; the stream must then end too.
 */
export type AttachTerminal = (signal: AbortSignal) => Promise<Duplex>;

/** Options of {@link SerialConsole}. */
interface SerialConsoleOptions {
  /** The instance's uuid, for the log. */
  readonly instance: string;
  readonly attach: AttachTerminal;
  /** Milliseconds within which each side must accept the other's bytes. */
  readonly timeoutMs: number;
  /** Closes the port and disconnects its user. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Milliseconds of silence before TCP probes whether the user's machine is still reachable. */
const keepAliveDelayMs = 30_000;

/** A TCP port that connects to one terminal. */
export class SerialConsole {
  readonly port: number;
  readonly #options: SerialConsoleOptions;
  readonly #server: Server;
  #isInUse = false;

  private constructor(port: number, options: SerialConsoleOptions) {
    this.port = port;
    this.#options = options;
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
      (user) => {
        void this.#receive(user);
      },
    );
  }

  /**
   * Opens a port.
   *
   * @throws the system's error when the port is not available: `EADDRINUSE`, `EADDRNOTAVAIL`, …
   */
  static async listen(host: string, port: number, options: SerialConsoleOptions): Promise<SerialConsole> {
    const console = new SerialConsole(port, options);
    const server = console.#server;
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    server.on('error', (error) =>
      options.logger.warn('a serial console could not accept a connection', { error }),
    );
    return console;
  }

  /** Closes the port. A connected user stays until the terminal ends, and so receives its last output. */
  close(): void {
    this.#server.close();
  }

  async #receive(user: Socket): Promise<void> {
    const { instance, logger } = this.#options;
    const details = { instance, user: `${user.remoteAddress ?? ''} ${user.remotePort ?? ''}` };
    // A socket may fail before it is read or written; reads and writes report the error again.
    user.on('error', () => undefined);
    if (this.#isInUse) {
      logger.info('a serial console refused a connection: it is in use', details);
      dismiss(user, 'The console is in use.');
      return;
    }
    this.#isInUse = true;
    logger.info('a user connected to a serial console', details);
    try {
      await this.#serve(user);
      logger.info('a user disconnected from a serial console, or its terminal ended', details);
    } catch (error) {
      user.destroy();
      logger.info('a serial console closed the connection of its user', { ...details, error });
    } finally {
      this.#isInUse = false;
    }
  }

  /**
   * Connects a user to the terminal, until either side ends.
   *
   * @throws when a side fails or does not accept the other's bytes in time, and when the console ends.
   */
  async #serve(user: Socket): Promise<void> {
    const { attach, timeoutMs, signal } = this.#options;
    let terminal: Duplex;
    try {
      terminal = await attach(signal);
    } catch (error) {
      dismiss(user, 'The terminal cannot be reached: check that the instance is running.');
      throw error;
    }
    try {
      // Engines (20.10 to 28.5) block an instance whose output is not read, so a user who does not read is
      // disconnected.
      await Promise.race([
        carry(user, terminal, { taker: 'the terminal', timeoutMs, signal }),
        carry(terminal, user, { taker: 'the user', timeoutMs, signal }),
      ]);
      user.destroySoon();
    } finally {
      terminal.destroy();
    }
  }
}

/** Tells a user why the connection ends. */
function dismiss(user: Socket, why: string): void {
  // Discard the user's input: closing a socket with unread input resets it, and the user loses the message.
  user.resume();
  user.end(`${why}\r\n`);
  user.destroySoon();
}
