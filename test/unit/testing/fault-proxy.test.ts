import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { startFaultProxy, startReplayer } from '../../../lib/testing/index.js';
import type { Fault, FaultProxy } from '../../../lib/testing/index.js';
import { exchange, scenario } from './fixtures.js';
import { ask, Cleanup, readToEnd, tinyEngine, upgrade } from './tiny-engine.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An engine that answers `0123456789` in two chunks, behind a proxy; `heard` lists its requests. */
async function proxied(faults: Fault[] = []): Promise<{ proxy: FaultProxy; heard: string[] }> {
  const heard: string[] = [];
  const handle: RequestListener = (asked, answer) => {
    asked.resume().on('end', () => {
      heard.push(`${asked.method ?? ''} ${asked.url ?? ''}`);
      answer.write('01234');
      setTimeout(() => answer.end('56789'), 10);
    });
  };
  const engine = await tinyEngine(cleanup, handle, (_, connection) => {
    connection.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n0123456789');
  });
  const proxy = await startFaultProxy({ engine: engine.host, faults });
  cleanup.add(() => proxy.close());
  return { proxy, heard };
}

const whole = { status: 200, text: '0123456789', cut: false };

describe('a fault proxy', () => {
  it('refuses unknown options, and names them', async () => {
    const options = { engine: 'unix:///nowhere', fault: [], times: 2 };
    await expect(startFaultProxy(options)).rejects.toThrow(/startFaultProxy .*"fault", "times"/);
  });

  it('counts the requests and passes them on unchanged', async () => {
    const { proxy, heard } = await proxied();
    expect(await ask(proxy.host, { method: 'POST', path: '/a?b=c', body: 'x' })).toMatchObject(whole);
    expect(await ask(proxy.host, { path: '/d' })).toMatchObject(whole);
    expect(proxy.requests()).toEqual([
      { method: 'POST', path: '/a?b=c' },
      { method: 'GET', path: '/d' },
    ]);
    expect(heard).toEqual(['POST /a?b=c', 'GET /d']);
  });

  it('answers in place of the engine', async () => {
    const { proxy, heard } = await proxied([
      { kind: 'answer', status: 500, message: 'no space left on device' },
    ]);
    const body = Buffer.alloc(1024 * 1024);
    const { status, text } = await ask(proxy.host, { method: 'POST', path: '/a', body });
    expect([status, JSON.parse(text)]).toEqual([500, { message: 'no space left on device' }]);
    expect(heard).toEqual([]);
    await expect(upgradeFails(proxy)).resolves.toBe('status 500');
  });

  it('drops a request before it reaches the engine', async () => {
    const { proxy, heard } = await proxied([{ kind: 'drop-request' }]);
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject({ status: undefined, cut: true });
    expect(heard).toEqual([]);
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject(whole);
  });

  it('loses an answer after the engine has executed the request', async () => {
    const { proxy, heard } = await proxied([{ kind: 'lose-answer' }]);
    expect(await ask(proxy.host, { method: 'POST', path: '/a' })).toMatchObject({
      status: undefined,
      cut: true,
    });
    expect(heard).toEqual(['POST /a']);
  });

  it('truncates an answer after the given number of bytes', async () => {
    const { proxy } = await proxied([{ kind: 'truncate-answer', afterBytes: 7 }]);
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject({ status: 200, text: '0123456', cut: true });
  });

  it('truncates an upgraded connection after the given number of bytes', async () => {
    const { proxy } = await proxied([{ kind: 'truncate-answer', afterBytes: 3 }]);
    const { connection } = await upgrade(proxy.host, '/exec/1/start', '');
    expect(await readToEnd(connection)).toBe('012');
  });

  it('stalls an answer until the client aborts', async () => {
    const { proxy } = await proxied([{ kind: 'stall-answer', afterBytes: 5 }]);
    const heard: string[] = [];
    const enough = new AbortController();
    const onChunk = (chunk: string): void => {
      heard.push(chunk);
      setTimeout(() => enough.abort(), 50);
    };
    const answer = await ask(proxy.host, { path: '/a', signal: enough.signal, onChunk });
    expect([heard, answer.cut]).toEqual([['01234'], true]);
  });

  it('stalls a request until the client aborts, and never sends it to the engine', async () => {
    const { proxy, heard } = await proxied([{ kind: 'stall-request' }]);
    const answer = await ask(proxy.host, { path: '/a', signal: AbortSignal.timeout(50) });
    expect(answer).toMatchObject({ status: undefined, cut: true });
    expect(heard).toEqual([]);
  });

  it('delays a request', async () => {
    const { proxy } = await proxied([{ kind: 'delay-request', milliseconds: 60 }]);
    const start = performance.now();
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject(whole);
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  it('hits only matching requests, from the n-th on and as often as given', async () => {
    const { proxy } = await proxied();
    const fault = proxy.inject({
      kind: 'answer',
      status: 409,
      method: 'POST',
      path: /\/start$/,
      nth: 2,
      times: 2,
    });
    const statuses: (number | undefined)[] = [];
    for (const [method, path] of [
      ['POST', '/1/start'],
      ['GET', '/2/start'],
      ['POST', '/3/start'],
      ['POST', '/4/stop'],
      ['POST', '/5/start'],
      ['POST', '/6/start'],
    ] as const) {
      statuses.push((await ask(proxy.host, { method, path })).status);
    }
    expect(statuses).toEqual([200, 200, 409, 200, 409, 200]);
    expect(fault.struck().map(({ path }) => path)).toEqual(['/3/start', '/5/start']);
  });

  it('causes an outage that lasts until the fault is withdrawn', async () => {
    const { proxy } = await proxied();
    const outage = proxy.inject({ kind: 'drop-request', times: Infinity });
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject({ cut: true });
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject({ cut: true });
    outage.withdraw();
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject(whole);
  });

  it('works before a replayer as well as before an engine', async () => {
    const replayer = await startReplayer(scenario([exchange('GET', '/a', 'A')]));
    cleanup.add(() => replayer.close());
    const proxy = await startFaultProxy({ engine: replayer.host });
    cleanup.add(() => proxy.close());
    proxy.inject({ kind: 'drop-request' });
    await ask(proxy.host, { path: '/a' });
    expect((await ask(proxy.host, { path: '/a' })).text).toBe('A');
    replayer.assertDone();
  });

  it('breaks the connection when there is no engine', async () => {
    const proxy = await startFaultProxy({ engine: 'unix:///nowhere/engine.sock' });
    cleanup.add(() => proxy.close());
    expect(await ask(proxy.host, { path: '/a' })).toMatchObject({ status: undefined, cut: true });
  });
});

async function upgradeFails(proxy: FaultProxy): Promise<string> {
  proxy.inject({ kind: 'answer', status: 500 });
  return upgrade(proxy.host, '/exec/1/start', '').then(
    () => 'upgraded',
    (error: unknown) => String(error).replace('Error: ', ''),
  );
}
