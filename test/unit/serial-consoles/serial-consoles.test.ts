import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { SerialConsoles } from '../../../lib/serial-consoles/index.js';
import type { SerialConsolesOptions } from '../../../lib/serial-consoles/index.js';
import { eventually } from '../../engine/contract/harness.js';
import { noOpLogger } from '../../support/silent-logger.js';
import { TerminalUser } from '../../support/terminal-user.js';

const address = '127.0.0.1';

/** A terminal that echoes. It floods its reader if it `talks`, and takes no input unless it `reads`. */
class FakeTerminal extends Duplex {
  talks = false;
  reads = true;
  /** Bytes that the terminal has sent. */
  said = 0;

  override _read(): void {
    if (!this.talks) return;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    this.said += chunk.length;
    setImmediate(() => this.destroyed || this.push(chunk));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.reads) return;
    this.push(chunk);
    done();
  }
}

describe('SerialConsoles', () => {
  let consoles: SerialConsoles;
  let terminal: FakeTerminal;
  const users: TerminalUser[] = [];
  const make = (options: Partial<SerialConsolesOptions> = {}): SerialConsoles =>
    (consoles = new SerialConsoles({ address, ports: [20_100, 20_400], logger: noOpLogger, ...options }));
  const attach = (): Promise<Duplex> => Promise.resolve(terminal);
  const connectUser = async (instance = 'a'): Promise<TerminalUser> => {
    const user = await TerminalUser.at(await consoles.open(instance, attach));
    users.push(user);
    return user;
  };

  beforeEach(() => {
    terminal = new FakeTerminal();
    make();
  });
  afterEach(async () => {
    for (const user of users.splice(0)) user.leave();
    await consoles.stop();
  });

  it('disconnects a user who does not read, and buffers only a few chunks until then', async () => {
    make({ timeoutMs: 300 });
    terminal.talks = true;
    const user = await connectUser();
    user.socket.pause();
    await eventually('the terminal stream is destroyed', () => terminal.destroyed);
    // The two ends of a local connection hold this much; the terminal was not read beyond it.
    expect(terminal.said).toBeLessThan(16 * 1024 * 1024);
  });

  it('disconnects a user whose terminal does not read its input', async () => {
    make({ timeoutMs: 300 });
    terminal.reads = false;
    const user = await connectUser();
    user.type('hello');
    await user.isCutOff();
    expect(terminal.destroyed).toBe(true);
  });

  it('keeps an idle user connected', async () => {
    make({ timeoutMs: 50 });
    const user = await connectUser();
    user.type('one');
    await user.sees('one');
    await new Promise((resolve) => setTimeout(resolve, 300));
    user.type('two');
    await user.sees('two');
  });

  it('releases the terminal when its user disconnects, with a close or with a reset', async () => {
    for (const leave of [
      (user: TerminalUser) => user.leave(),
      (user: TerminalUser) => user.socket.resetAndDestroy(),
    ]) {
      terminal = new FakeTerminal();
      const user = await connectUser();
      user.type('one');
      await user.sees('one');
      leave(user);
      await eventually('the terminal stream is destroyed', () => terminal.destroyed);
      terminal = new FakeTerminal();
      const next = await connectUser();
      next.type('two');
      await next.sees('two');
      next.leave();
      await eventually('the terminal stream is destroyed', () => terminal.destroyed);
    }
  });

  it('lets the connected user read the output to its end after the console is closed', async () => {
    const user = await connectUser();
    user.type('one');
    await user.sees('one');
    await consoles.close('A');
    terminal.push('last words');
    terminal.push(null);
    await user.isCutOff();
    expect(user.shown.toString()).toBe('onelast words');
  });

  it('reports to the user that the terminal cannot be reached, and accepts the next user', async () => {
    const failing = (): Promise<Duplex> => Promise.reject(new Error('no engine'));
    const user = await TerminalUser.at(await consoles.open('a', failing));
    await user.isCutOff();
    expect(user.shown.toString()).toMatch(/^The terminal cannot be reached/);
    const next = await TerminalUser.at(await consoles.open('a', failing));
    await next.isCutOff();
    expect(next.shown.toString()).toMatch(/^The terminal cannot be reached/);
  });

  it('disconnects every user on stop, and opens no further console', async () => {
    terminal.talks = true;
    const [reading, stuck] = [await connectUser('a'), await connectUser('b')];
    stuck.socket.pause();
    await consoles.close('b');
    await consoles.stop();
    await reading.isCutOff();
    await eventually('the terminal stream is destroyed', () => terminal.destroyed);
    await expect(consoles.open('c', attach)).rejects.toThrow('stopped serving the host');
  });

  it('does not reuse the port of a closed console', async () => {
    const first = await consoles.open('a', attach);
    await consoles.close('a');
    expect((await consoles.open('b', attach)).port).not.toBe(first.port);
    expect((await consoles.open('a', attach)).port).not.toBe(first.port);
  });

  describe('when every port of the range is taken', () => {
    let other: Server;
    let taken: number;
    beforeEach(async () => {
      other = createServer().listen(0, address);
      await once(other, 'listening');
      const where = other.address();
      taken = typeof where === 'object' && where !== null ? where.port : 0;
    });
    afterEach(() => void other.close());

    it('throws SocketPortRangeExhaustedException, and uses the port once it is free', async () => {
      make({ ports: [taken, taken] });
      await expect(consoles.open('a', attach)).rejects.toMatchObject({
        name: 'SocketPortRangeExhaustedException',
      });
      other.close();
      await once(other, 'close');
      expect(await consoles.open('a', attach)).toEqual({
        host: address,
        port: taken,
        internal_access_path: null,
      });
    });
  });

  it('fails with EADDRNOTAVAIL for an address that the machine does not have', async () => {
    // RFC 5737: a documentation address, which no machine has.
    make({ address: '192.0.2.1' });
    await expect(consoles.open('a', attach)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});
