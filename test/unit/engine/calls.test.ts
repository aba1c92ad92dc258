import { afterEach, describe, expect, it } from '@jest/globals';

import {
  Engine,
  EngineError,
  EngineProtocolError,
  EngineUnreachable,
  containerRef,
  engineAddress,
  imageRef,
  isConflict,
  isNoSuchImage,
  isNotFound,
  isUnreachable,
} from '../../../lib/engine/index.js';
import { FakeEngine, answerJson, until, type Handler } from './fake-engine.js';

const container = containerRef('web-1');
const specification = { Image: imageRef('busybox:1') };

describe('a call to the engine', () => {
  let fake: FakeEngine;
  const start = async (handler: Handler): Promise<FakeEngine> => (fake = await FakeEngine.start(handler));

  afterEach(() => fake.stop());

  it('encodes query values, and leaves out undefined ones', async () => {
    await start((_request, response) => answerJson(response, 200, []));
    await fake.client().containers.list({ all: true, filters: { label: ['a=b&c d', 'ü'] } });
    const url = new URL(fake.requests[1]?.split(' ')[1] ?? '', 'http://localhost');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      all: 'true',
      filters: '{"label":["a=b&c d","ü"]}',
    });
  });

  it('reuses its connection for the next call', async () => {
    await start((_request, response) => answerJson(response, 200, []));
    const engine = fake.client();
    for (let i = 0; i < 5; i += 1) await engine.containers.list();
    expect(fake.connections.size).toBe(1);
  });

  it('returns true for a change of state, and false for a 304', async () => {
    let status = 204;
    await start((_request, response) => response.writeHead(status).end());
    const engine = fake.client();
    expect(await engine.containers.start(container)).toBe(true);
    expect(await engine.containers.stop(container, { timeout: 1 })).toBe(true);
    status = 304;
    expect(await engine.containers.start(container)).toBe(false);
    expect(await engine.containers.stop(container, { timeout: 1 })).toBe(false);
    expect(fake.requests).toContain('POST /v1.41/containers/web-1/stop?t=1');
  });

  it('fails with the message and the status of the engine', async () => {
    await start((_request, response) => answerJson(response, 409, { message: 'name taken' }));
    const failure: unknown = await fake
      .client()
      .containers.create({ specification })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      constructor: EngineError,
      status: 409,
      engineMessage: 'name taken',
      request: { method: 'POST', path: '/containers/create' },
      inBand: false,
    });
    expect(isConflict(failure)).toBe(true);
    expect(isNotFound(failure)).toBe(false);
  });

  it.each([
    ['No such image: busybox:1', true],
    ['No such container: other', false],
  ])('distinguishes a missing image from a missing container: %s', async (message, expected) => {
    await start((_request, response) => answerJson(response, 404, { message }));
    const failure: unknown = await fake
      .client()
      .containers.create({ specification })
      .catch((error: unknown) => error);
    expect(isNotFound(failure)).toBe(true);
    expect(isNoSuchImage(failure)).toBe(expected);
  });

  it('accepts an error in plain text, and one with an overlong text', async () => {
    let text = 'page not found\n';
    await start((_request, response) => response.writeHead(404, { 'Content-Type': 'text/plain' }).end(text));
    const engine = fake.client();
    await expect(engine.containers.inspect(container)).rejects.toMatchObject({
      engineMessage: 'page not found',
    });
    text = 'x'.repeat(1024 * 1024);
    await expect(engine.containers.inspect(container)).rejects.toMatchObject({ status: 404 });
  });

  it.each(['', 'not json', '[{"Id":', '{}', '[{"Id":"../.."}]'])(
    'refuses a malformed answer: %s',
    async (text) => {
      await start((_request, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(text),
      );
      await expect(fake.client().containers.list()).rejects.toBeInstanceOf(EngineProtocolError);
    },
  );

  it('refuses an answer that would fill the memory, and closes its connection', async () => {
    let sent = 0;
    await start((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed) {
          sent += 1;
          if (!response.write(Buffer.alloc(1024 * 1024, ' '))) break;
        }
      };
      response.on('drain', more);
      more();
    });
    await expect(fake.client().containers.list()).rejects.toBeInstanceOf(EngineProtocolError);
    expect(sent).toBeLessThan(70);
    await until(() => fake.connections.size === 0, 'the connection is closed');
  });

  it('ignores the proxy settings of the environment', async () => {
    await start((_request, response) => response.end('OK'));
    const saved = process.env['HTTP_PROXY'];
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
    try {
      await fake.client().system.ping();
    } finally {
      if (saved === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = saved;
    }
  });
});

it('the engine client refuses a server that does not speak HTTP', async () => {
  const fake = await FakeEngine.start((request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  await expect(fake.client().system.ping()).rejects.toBeInstanceOf(EngineProtocolError);
  await fake.stop();
});

describe('an engine that cannot be reached', () => {
  it.each([
    ['has no socket', 'unix:///nonexistent/docker.sock'],
    ['refuses the connection', 'tcp://127.0.0.1:1'],
    ['has a host name that does not resolve', 'tcp://engine.invalid:2375'],
  ])('is reported as unreachable when it %s', async (_why, host) => {
    const engine = new Engine(engineAddress(host));
    const failure: unknown = await engine.containers.start(container).catch((error: unknown) => error);
    expect(isUnreachable(failure)).toBe(true);
    expect(failure).toMatchObject({ maybeDone: false });
    engine.close();
  });
});

describe('a connection that breaks', () => {
  let fake: FakeEngine;
  afterEach(() => fake.stop());

  /** Connections that the engine closes at the next request, instead of answering it. */
  const stale = new Set<object>();

  const start = async (): Promise<void> => {
    stale.clear();
    fake = await FakeEngine.start((request, response) => {
      if (stale.has(request.socket)) request.socket.destroy();
      else answerJson(response, 200, []);
    });
  };

  it('causes a retry when the connection was reused and the call only reads', async () => {
    await start();
    const engine = fake.client();
    await Promise.all([1, 2, 3].map(() => engine.containers.list()));
    for (const socket of fake.connections) stale.add(socket);
    expect(stale.size).toBeGreaterThan(1);
    expect(await engine.containers.list()).toEqual([]);
  });

  it('causes a retry of a HEAD request, too', async () => {
    const stat = Buffer.from(JSON.stringify({ name: 'disk', size: 7, mode: 0, linkTarget: '' }));
    let isStale = false;
    const seen = new Set<object>();
    fake = await FakeEngine.start((request, response) => {
      if (isStale && seen.has(request.socket)) request.socket.destroy();
      else {
        seen.add(request.socket);
        response.setHeader('X-Docker-Container-Path-Stat', stat.toString('base64'));
        if (request.method === 'HEAD') response.end();
        else answerJson(response, 200, []);
      }
    });
    const engine = fake.client();
    await engine.containers.list();
    isStale = true;
    expect(await engine.files.size(container, { path: '/disk' })).toBe(7);
    expect(fake.requests.filter((request) => request.startsWith('HEAD'))).toHaveLength(2);
    engine.close();
    await expect(engine.files.size(container, { path: '/disk' })).rejects.toMatchObject({ maybeDone: false });
  });

  it('fails a call that changes something, since the engine may have executed it', async () => {
    await start();
    const engine = fake.client();
    await engine.containers.list();
    for (const socket of fake.connections) stale.add(socket);
    const before = fake.requests.length;
    await expect(engine.containers.start(container)).rejects.toMatchObject({
      constructor: EngineUnreachable,
      maybeDone: true,
      request: { method: 'POST', path: '/containers/web-1/start' },
    });
    expect(fake.requests.length).toBe(before + 1);
  });

  it('fails the call when the connection was new', async () => {
    fake = await FakeEngine.start((request) => request.socket.destroy());
    await expect(fake.client().system.ping()).rejects.toBeInstanceOf(EngineUnreachable);
    expect(fake.requests).toEqual(['GET /_ping']);
  });

  it('fails the call when it breaks in the middle of an answer', async () => {
    fake = await FakeEngine.start((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('[');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(fake.client().containers.list()).rejects.toBeInstanceOf(EngineUnreachable);
  });
});
