import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../engine/contract/harness.js';

/** A client of a serial console, like a console proxy. */
export class TerminalUser {
  readonly socket: Socket;
  #shown = Buffer.alloc(0);
  #isCutOff = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.#shown = Buffer.concat([this.#shown, bytes])));
    socket.on('close', () => (this.#isCutOff = true));
    // Some tests break the connection on purpose.
    socket.on('error', () => undefined);
  }

  /** @throws ECONNREFUSED if no console listens. */
  static async at({ host, port }: { host: string; port: number }): Promise<TerminalUser> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new TerminalUser(socket);
  }

  /** The output so far. */
  get shown(): Buffer {
    return this.#shown;
  }

  type(input: string | Uint8Array): void {
    this.socket.write(input);
  }

  async sees(text: string): Promise<void> {
    await eventually(`the terminal shows ${text}`, () => this.#shown.includes(text));
  }

  async isCutOff(): Promise<void> {
    await eventually('the console ends', () => this.#isCutOff);
  }

  leave(): void {
    this.socket.destroy();
  }
}
