import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../interfaces/index.js';
import { carry } from './carry.js';

/**
 * Reaches a terminal: reading gives what it shows, writing types. Destroying the stream leaves the terminal as it is.
 *
 * @param signal - aborts when the console ends; the stream, too, must then.
 */
export type AttachTerminal = (signal: AbortSignal) => Promise<Duplex>;

/** What a console is made of. */
interface SerialConsoleOptions {
  /** For the log: whose terminal it is. */
  readonly instance: string;
  readonly attach: AttachTerminal;
  /** Milliseconds in which either side must take what the other has said. */
  readonly patience: number;
  /** Ends the port and whoever is on it. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Milliseconds of silence before TCP asks whether the user's machine is still there. */
const keepAliveInitialDelay = 30_000;

/** A TCP port that carries one terminal. */
export class SerialConsole {
  readonly port: number;
  readonly #options: SerialConsoleOptions;
  readonly #server: Server;
  #isInUse = false;

  private constructor(port: number, options: SerialConsoleOptions) {
    this.port = port;
    this.#options = options;
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay }, (user) => {
      void this.#receive(user);
    });
  }

  /** Opens a port. @throws what the system says when it cannot be had: `EADDRINUSE`, `EADDRNOTAVAIL`, … */
  static async listen(host: string, port: number, options: SerialConsoleOptions): Promise<SerialConsole> {
    const console = new SerialConsole(port, options);
    const server = console.#server;
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    server.on('error', (error) => options.logger.warn('a serial console could not take a user', { error }));
    return console;
  }

  /** Closes the port. Whoever is on it stays until the terminal ends, and so reads its last words. */
  close(): void {
    this.#server.close();
  }

  async #receive(user: Socket): Promise<void> {
    const { instance, logger } = this.#options;
    const details = { instance, user: `${user.remoteAddress ?? ''} ${user.remotePort ?? ''}` };
    // A user may be gone before anybody listens; whoever reads or writes is told as well.
    user.on('error', () => undefined);
    if (this.#isInUse) {
      logger.info('a user was turned away from a serial console that is in use', details);
      dismiss(user, 'The console is in use.');
      return;
    }
    this.#isInUse = true;
    logger.info('a user came to a serial console', details);
    try {
      await this.#serve(user);
      logger.info('the user of a serial console has left, or its terminal has ended', details);
    } catch (error) {
      user.destroy();
      logger.info('the user of a serial console was cut off', { ...details, error });
    } finally {
      this.#isInUse = false;
    }
  }

  /**
   * Ends when either side does.
   *
   * @throws when a side broke or did not take what the other had said, and when the console was ended.
   */
  async #serve(user: Socket): Promise<void> {
    const { attach, patience, signal } = this.#options;
    let terminal: Duplex;
    try {
      terminal = await attach(signal);
    } catch (error) {
      dismiss(user, 'The terminal cannot be reached: the instance may not run.');
      throw error;
    }
    try {
      // Engines (20.10 to 28.5) hold an instance up whose output is not taken: a user who does not read must go.
      await Promise.race([
        carry(user, terminal, { taker: 'the terminal', patience, signal }),
        carry(terminal, user, { taker: 'the user', patience, signal }),
      ]);
      user.destroySoon();
    } finally {
      terminal.destroy();
    }
  }
}

/** Tells a user why the connection ends. */
function dismiss(user: Socket, why: string): void {
  // What the user says is read and forgotten: closing over it would take back what was told.
  user.resume();
  user.end(`${why}\r\n`);
  user.destroySoon();
}
