import { getEventListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { afterEach, describe, expect, it } from '@jest/globals';

import { EngineUnreachable, TruncatedStream, containerRef, imageRef } from '../../../lib/engine/index.js';
import { DeadlineExceeded } from '../../../lib/streams/index.js';
import { FakeEngine, answerJson, until, type Handler } from './fake-engine.js';

const container = containerRef('web-1');
const image = imageRef('busybox:1');
const silent: Handler = (request) => request.resume();

let fake: FakeEngine;
const start = async (handler: Handler): Promise<FakeEngine> => (fake = await FakeEngine.start(handler));
afterEach(() => fake.stop());

const noConnectionIsOpen = (): Promise<void> =>
  until(() => fake.connections.size === 0, 'no connection is open');

describe('a timeout of the engine client', () => {
  it.each([['before the answer'], ['in the middle of the answer']])(
    'fails a call that stalls %s',
    async (when) => {
      await start((_request, response) => {
        if (when === 'in the middle of the answer') response.writeHead(200).write('[');
      });
      const engine = fake.client({ timeouts: { readMs: 500 } });
      await engine.negotiate();
      await expect(engine.containers.list()).rejects.toMatchObject({
        constructor: DeadlineExceeded,
        what: 'GET /containers/json',
        milliseconds: 500,
      });
      await noConnectionIsOpen();
    },
  );

  it('is, for a stop, the grace period of the container plus a margin', async () => {
    await start((_request, response) => setTimeout(() => response.writeHead(204).end(), 400));
    const engine = fake.client({ timeouts: { changeMs: 10, stopMarginMs: 200 } });
    await expect(engine.containers.stop(container, { timeout: 0 })).rejects.toMatchObject({
      milliseconds: 200,
    });
    expect(await engine.containers.stop(container, { timeout: 2 })).toBe(true);
  });

  it('does not end a wait for the exit of a container', async () => {
    await start((_request, response) => {
      response.writeHead(200).flushHeaders();
      setTimeout(() => response.end('{"StatusCode":3}'), 1000);
    });
    const engine = fake.client({ timeouts: { readMs: 500, changeMs: 500 } });
    expect(await engine.containers.wait(container)).toMatchObject({ statusCode: 3 });
  });

  it('fails a stream when the engine falls silent', async () => {
    await start((_request, response) => response.writeHead(200).write('some'));
    const stream = await fake.client({ timeouts: { imageIdleMs: 50 } }).images.save(image);
    await expect(buffer(stream)).rejects.toBeInstanceOf(DeadlineExceeded);
    await noConnectionIsOpen();
  });

  it('does not end a stream whose bytes keep arriving', async () => {
    await start((_request, response) => {
      let left = 10;
      const timer = setInterval(() => {
        response.write('x');
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        response.end();
      }, 20);
    });
    const stream = await fake.client({ timeouts: { imageIdleMs: 100 } }).images.save(image);
    expect((await buffer(stream)).length).toBe(10);
  });

  it('does not end a stream whose reader is slow', async () => {
    await start((_request, response) => response.end(Buffer.alloc(1024 * 1024)));
    const stream = await fake.client({ timeouts: { imageIdleMs: 1000 } }).images.save(image);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await buffer(stream)).length).toBe(1024 * 1024);
  });

  it('fails an upload that the engine does not read, and destroys its source', async () => {
    let stuck: IncomingMessage | undefined;
    await start((request) => (stuck = request));
    const archive = Readable.from(endless());
    const engine = fake.client({ timeouts: { archiveIdleMs: 100 } });
    await expect(engine.files.putArchive(container, { path: '/', archive })).rejects.toBeInstanceOf(
      DeadlineExceeded,
    );
    expect(archive.destroyed).toBe(true);
    // A server notices only by reading that its client has disconnected.
    stuck?.resume();
    await noConnectionIsOpen();
  });

  it('does not end an upload whose bytes keep flowing', async () => {
    await start((request, response) => request.resume().on('end', () => response.writeHead(200).end()));
    async function* slow(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 10; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        yield Buffer.alloc(512);
      }
    }
    const engine = fake.client({ timeouts: { archiveIdleMs: 150 } });
    await engine.files.putArchive(container, { path: '/', archive: Readable.from(slow()) });
  });
});

describe('an abort signal of an engine call', () => {
  const reason = new Error('the orchestrator lost interest');

  it('rejects the call with its reason, even if that is not an Error', async () => {
    await start(silent);
    const engine = fake.client();
    await engine.negotiate();
    for (const why of [reason, 'a word', undefined]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(why), 20);
      const failure: unknown = await engine.containers
        .list({ signal: controller.signal })
        .catch((error: unknown) => error);
      expect(failure).toBe(controller.signal.reason);
    }
    await noConnectionIsOpen();
  });

  it('prevents the request if it has aborted before the call', async () => {
    await start(silent);
    const engine = fake.client();
    const signal = AbortSignal.abort(reason);
    await expect(engine.containers.start(container, { signal })).rejects.toBe(reason);
    const archive = Readable.from(endless());
    await expect(engine.files.putArchive(container, { path: '/', archive, signal })).rejects.toBe(reason);
    await expect(engine.containers.attach(container, { tty: false, signal })).rejects.toBe(reason);
    expect(archive.destroyed).toBe(true);
    expect(fake.requests).toEqual([]);
  });

  it('aborts an upload and destroys its source', async () => {
    await start(silent);
    const controller = new AbortController();
    const archive = Readable.from(endless());
    setTimeout(() => controller.abort(reason), 50);
    await expect(fake.client().images.load(archive, { signal: controller.signal })).rejects.toBe(reason);
    expect(archive.destroyed).toBe(true);
    await noConnectionIsOpen();
  });

  it('aborts a stream that is being read', async () => {
    await start((_request, response) => response.writeHead(200).write('some'));
    const controller = new AbortController();
    const stream = await fake.client().images.save(image, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(buffer(stream)).rejects.toBe(reason);
    await noConnectionIsOpen();
  });

  it('aborts a stream before anything reads it', async () => {
    await start((_request, response) => response.writeHead(200).write('some'));
    const controller = new AbortController();
    const stream = await fake.client().images.save(image, { signal: controller.signal });
    controller.abort(reason);
    await expect(buffer(stream)).rejects.toBe(reason);
    await noConnectionIsOpen();
  });

  it('has no listeners left when the calls have ended', async () => {
    await start((_request, response) => answerJson(response, 200, []));
    const { signal } = new AbortController();
    const engine = fake.client();
    for (let i = 0; i < 20; i += 1) {
      await engine.containers.list({ signal });
      await buffer(await engine.images.save(image, { signal }));
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a stream from the engine', () => {
  it('fails with TruncatedStream when its connection breaks', async () => {
    await start((_request, response) => {
      response.writeHead(200).write('some');
      setTimeout(() => response.destroy(), 20);
    });
    const stream = await fake.client().images.save(image);
    await expect(buffer(stream)).rejects.toBeInstanceOf(TruncatedStream);
  });

  it('closes its connection when its reader destroys it', async () => {
    await start((_request, response) => response.writeHead(200).write('some'));
    const stream = await fake.client().images.save(image);
    stream.destroy();
    await noConnectionIsOpen();
  });

  it('applies backpressure to the engine when its reader does not read', async () => {
    let sent = 0;
    await start((_request, response) => {
      const more = (): void => {
        do sent += 65536;
        while (response.write(Buffer.alloc(65536)) && sent < 64 * 1024 * 1024);
      };
      response.on('drain', more);
      more();
    });
    const stream = await fake.client().images.save(image);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(4 * 1024 * 1024);
    stream.destroy();
  });
});

describe('Engine.close', () => {
  it('aborts calls and streams under way, and refuses later calls', async () => {
    await start((request, response) => {
      if (request.url?.endsWith('/get') === true) response.writeHead(200).write('some');
    });
    const engine = fake.client();
    const stream = await engine.images.save(image);
    const call = engine.containers.list();
    await until(() => fake.requests.length === 3, 'the stream and the call have been sent');
    engine.close();
    await expect(call).rejects.toBeInstanceOf(EngineUnreachable);
    await expect(buffer(stream)).rejects.toBeInstanceOf(EngineUnreachable);
    await expect(engine.system.ping()).rejects.toThrow(/the client was closed/);
    await noConnectionIsOpen();
  });
});

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(16 * 1024);
}
