import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRecorder } from '../../../lib/testing/index.js';
import type { Recorder } from '../../../lib/testing/index.js';
import { ask, Cleanup, startUpload, tinyEngine } from './tiny-engine.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function record(handle: RequestListener): Promise<{ recorder: Recorder }> {
  const engine = await tinyEngine(cleanup, handle);
  const recorder = await startRecorder({ engine: engine.host });
  cleanup.add(() => recorder.close());
  return { recorder };
}

describe('the proxy of the recorder', () => {
  it('applies backpressure to the client while the engine does not read', async () => {
    let asked: IncomingMessage | undefined;
    const { recorder } = await record((request) => {
      asked = request;
    });
    const sending = startUpload(recorder.host);
    const chunk = Buffer.alloc(65_536);
    let sent = 0;
    while (sent < 64 * 1024 * 1024 && (sending.write(chunk) || (await drained(sending)))) {
      sent += chunk.length;
    }
    expect(asked).toBeDefined();
    expect(sent).toBeLessThan(8 * 1024 * 1024);
    sending.destroy();
  });

  it('passes an upload of 256 MiB through in little memory', async () => {
    let received = 0;
    const { recorder } = await record((asked, answer) => {
      asked.on('data', (part: Buffer) => {
        received += part.length;
      });
      asked.on('end', () => answer.end('done'));
    });
    const sending = startUpload(recorder.host);
    const answered = once(sending, 'response');
    const chunk = Buffer.alloc(1024 * 1024);
    const memory = process.memoryUsage().rss;
    let sent = 0;
    let onTheWay = 0;
    while (sent < 256 * 1024 * 1024) {
      sent += chunk.length;
      if (!sending.write(chunk)) {
        await once(sending, 'drain');
      }
      onTheWay = Math.max(onTheWay, sent - received);
    }
    sending.end();
    await answered;
    expect(received).toBe(sent);
    expect(onTheWay).toBeLessThan(8 * 1024 * 1024);
    // Client, proxy and engine share this process, garbage included: still far less than the upload.
    expect(process.memoryUsage().rss - memory).toBeLessThan(192 * 1024 * 1024);
    expect(recorder.exchanges()[0]?.request.body).toEqual({ bytes: 256 * 1024 * 1024 });
  });

  it('aborts the request to the engine when the client disconnects', async () => {
    let engineSide: Promise<unknown> | undefined;
    const stop = new AbortController();
    const { recorder } = await record((asked) => {
      engineSide = once(asked.socket, 'close');
      stop.abort();
    });
    await ask(recorder.host, { method: 'POST', path: '/containers/x/stop', signal: stop.signal });
    await engineSide;
    expect(recorder.exchanges()).toMatchObject([{ ended: 'aborted' }]);
  });

  it('keeps connections alive', async () => {
    const { recorder } = await record((_, answer) => answer.end('OK'));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    for (let i = 0; i < 3; i += 1) {
      const asking = get({ agent, socketPath: recorder.host.slice(7), path: '/_ping' }, (answer) =>
        answer.resume(),
      );
      await once(asking, 'close');
      sockets.add(asking.socket);
    }
    agent.destroy();
    expect(sockets.size).toBe(1);
  });

  it('passes on an answer that arrives before the engine has read the request', async () => {
    const { recorder } = await record((asked, answer) => {
      answer.writeHead(404).end('no such container', () => asked.socket.destroy());
    });
    const body = Buffer.alloc(4 * 1024 * 1024);
    const heard = await ask(recorder.host, { method: 'PUT', path: '/containers/x/archive', body });
    expect(heard).toMatchObject({ status: 404, text: 'no such container' });
  });
});

/** Resolves to false if the request does not drain within 300 ms. */
async function drained(sending: ClientRequest): Promise<boolean> {
  return Promise.race([once(sending, 'drain').then(() => true), sleep(300).then(() => false)]);
}
