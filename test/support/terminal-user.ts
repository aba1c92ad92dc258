import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../engine/contract/harness.js';

/** Somebody at a serial console: what a proxy of consoles is to the driver. */
export class TerminalUser {
  readonly socket: Socket;
  #shown = Buffer.alloc(0);
  #isCutOff = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => (this.#shown = Buffer.concat([this.#shown, bytes])));
    socket.on('close', () => (this.#isCutOff = true));
    // A console that breaks off is what some tests are about.
    socket.on('error', () => undefined);
  }

  /** @throws ECONNREFUSED when nobody listens. */
  static async at({ host, port }: { host: string; port: number }): Promise<TerminalUser> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new TerminalUser(socket);
  }

  /** All that came so far. */
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
