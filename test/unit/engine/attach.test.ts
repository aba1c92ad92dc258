import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { afterEach, describe, expect, it } from '@jest/globals';

import {
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  TruncatedStream,
  containerRef,
  execId,
} from '../../../lib/engine/index.js';
import { DeadlineExceeded } from '../../../lib/streams/index.js';
import { FakeEngine, answerJson, until } from './fake-engine.js';

const container = containerRef('web-1');
const switching = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

const frame = (text: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

describe('an attached stream', () => {
  let fake: FakeEngine;
  const start = async (onUpgrade: (socket: Duplex, url: string) => void): Promise<void> => {
    fake = await FakeEngine.start((_request, response) => answerJson(response, 200, {}));
    fake.server.on('upgrade', (request, socket) => {
      onUpgrade(socket, request.url ?? '');
      // Node's server keeps its half of a connection open, and notices only by reading that
      // its client has disconnected.
      socket.resume().once('end', () => setTimeout(() => socket.end(), 50));
    });
  };
  /** The connection of the plain requests is kept alive; only that one is left. */
  const attachedConnectionClosed = (): Promise<void> =>
    until(() => fake.connections.size === 1, 'one connection is open');

  afterEach(() => fake.stop());

  it('yields the output without frame headers, from the first byte', async () => {
    await start((socket) => {
      socket.write(Buffer.concat([Buffer.from(switching), frame('first ')]));
      setTimeout(() => socket.end(frame('last')), 20);
    });
    const stream = await fake.client().containers.attach(container, { stdout: true, tty: false });
    expect((await buffer(stream)).toString()).toBe('first last');
    await attachedConnectionClosed();
  });

  it('sends input, and its end, while output continues', async () => {
    await start((socket) => {
      socket.write(switching);
      let input = '';
      socket.on('data', (chunk) => (input += String(chunk)));
      socket.on('end', () => setTimeout(() => socket.end(frame(`got ${input}`)), 20));
    });
    const stream = await fake
      .client()
      .containers.attach(container, { stdin: true, stdout: true, tty: false });
    stream.write('some ');
    stream.end('input');
    expect((await buffer(stream)).toString()).toBe('got some input');
  });

  it('requests only the streams that the caller wants', async () => {
    let url = '';
    await start((socket, asked) => {
      url = asked;
      socket.end(switching);
    });
    const stream = await fake.client().containers.attach(container, { stdout: true, logs: true, tty: true });
    await buffer(stream);
    expect(url).toBe('/v1.41/containers/web-1/attach?stream=true&stdout=true&logs=true');
  });

  it('closes its connection when it is destroyed', async () => {
    await start((socket) => socket.write(switching));
    const stream = await fake.client().containers.attach(container, { stdin: true, tty: false });
    stream.destroy();
    await attachedConnectionClosed();
  });

  it('fails with TruncatedStream when its connection breaks inside a frame', async () => {
    await start((socket) => {
      socket.write(Buffer.concat([Buffer.from(switching), frame('whole').subarray(0, 10)]));
      setTimeout(() => socket.destroy(), 20);
    });
    const stream = await fake.client().containers.attach(container, { stdout: true, tty: false });
    await expect(buffer(stream)).rejects.toBeInstanceOf(TruncatedStream);
  });

  it('fails with the reason of its abort signal', async () => {
    await start((socket) => socket.write(switching));
    const controller = new AbortController();
    const { signal } = controller;
    const stream = await fake.client().containers.attach(container, { stdout: true, tty: false, signal });
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 20);
    await expect(buffer(stream)).rejects.toBe(reason);
    await attachedConnectionClosed();
  });

  it('fails when the client is closed', async () => {
    await start((socket) => socket.write(switching));
    const engine = fake.client();
    const stream = await engine.containers.attach(container, { stdout: true, tty: true });
    setTimeout(() => engine.close(), 20);
    await expect(buffer(stream)).rejects.toBeInstanceOf(EngineUnreachable);
  });

  it('fails to open when the engine refuses, does not upgrade, disconnects, or is silent', async () => {
    let answer: (socket: Duplex) => unknown = () => undefined;
    await start((socket) => answer(socket));
    const engine = fake.client({ timeouts: { changeMs: 100 } });
    const attach = (): Promise<unknown> => engine.exec.start(execId('ab'.repeat(32)), { tty: false });
    answer = (socket) =>
      socket.end(
        'HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n{"message":"is paused"}',
      );
    await expect(attach()).rejects.toMatchObject({
      constructor: EngineError,
      status: 409,
      engineMessage: 'is paused',
    });
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK');
    await expect(attach()).rejects.toBeInstanceOf(EngineProtocolError);
    answer = (socket) => socket.destroy();
    await expect(attach()).rejects.toMatchObject({ constructor: EngineUnreachable, maybeDone: true });
    answer = () => undefined;
    await expect(attach()).rejects.toBeInstanceOf(DeadlineExceeded);
  });
});
