import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplayer } from '../../../lib/testing/index.js';
import type { Exchange, Replayer, ReplayMode } from '../../../lib/testing/index.js';
import { exchange, scenario, token } from './fixtures.js';
import { ask, askJson, Cleanup, tinyEngine, upgrade } from './tiny-engine.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A replayer that `cleanup` closes, and that may end with a mismatch. */
async function replay(exchanges: Exchange[], mode?: ReplayMode): Promise<Replayer> {
  const replayer = await startReplayer(scenario(exchanges), mode === undefined ? {} : { mode });
  cleanup.add(() => replayer.close().catch(() => undefined));
  return replayer;
}

async function answers(replayer: Replayer, ...paths: string[]): Promise<string[]> {
  const texts: string[] = [];
  for (const path of paths) {
    texts.push((await ask(replayer.host, { path })).text);
  }
  return texts;
}

describe('a replayer', () => {
  it('refuses unknown options, and names them', async () => {
    const options = { mode: 'in-order', order: 'any' } as const;
    await expect(startReplayer(scenario([]), options)).rejects.toThrow(/startReplayer .*"order"/);
  });

  it('refuses an unknown mode', async () => {
    const options: object = { mode: 'random' };
    await expect(startReplayer(scenario([]), options)).rejects.toThrow(
      /startReplayer .*"in-order"[^]*at mode/,
    );
  });
});

describe('a replay in order', () => {
  const exchanges = [
    exchange('GET', '/a', 'A'),
    exchange('GET', '/b', 'B'),
    exchange('GET', '/a', 'A again'),
  ];

  it('gives each recorded answer once', async () => {
    const replayer = await replay(exchanges);
    expect(await answers(replayer, '/a', '/b', '/a')).toEqual(['A', 'B', 'A again']);
    replayer.assertDone();
    expect((await ask(replayer.host, { path: '/a' })).status).toBe(501);
  });

  it('refuses a request that comes too early, and names the expected one', async () => {
    const replayer = await replay(exchanges);
    const { status, text } = await ask(replayer.host, { path: '/b' });
    expect(status).toBe(501);
    expect(text).toContain('exchange 1 of \\"try\\", GET /a, comes before');
    expect(await answers(replayer, '/a', '/b')).toEqual(['A', 'B']);
  });

  it('accepts requests that overlapped in either order', async () => {
    const overlapping = [
      exchange('GET', '/a', 'A', { overlaps: 1 }),
      exchange('GET', '/b', 'B'),
      exchange('GET', '/c', 'C'),
    ];
    const replayer = await replay(overlapping);
    expect(await answers(replayer, '/b', '/a', '/c')).toEqual(['B', 'A', 'C']);
    const other = await replay(overlapping);
    expect(await answers(other, '/b')).toEqual(['B']);
    expect((await ask(other.host, { path: '/c' })).status).toBe(501);
  });

  it('accepts the event stream at any time, and sends no event before its cause', async () => {
    const replayer = await replay([
      exchange('GET', '/a', 'A'),
      {
        request: { method: 'GET', path: '/v1.41/events' },
        response: { status: 200, chunks: [{ text: 'hello' }, { text: 'die', after: 1 }] },
        overlaps: 1,
        ended: 'aborted',
      },
      exchange('POST', '/v1.41/containers/x/kill', 'killed'),
    ]);
    const heard: string[] = [];
    const stop = new AbortController();
    const events = ask(replayer.host, {
      path: '/v1.41/events',
      onChunk: (chunk) => heard.push(chunk),
      signal: stop.signal,
    });
    while (heard.length === 0) await sleep(5);
    await answers(replayer, '/a');
    expect(heard).toEqual(['hello']);
    await ask(replayer.host, { method: 'POST', path: '/v1.41/containers/x/kill' });
    while (heard.length === 1) await sleep(5);
    expect(heard).toEqual(['hello', 'die']);
    stop.abort();
    await events;
    replayer.assertDone();
  });

  it('plays several fixtures in sequence, from files and objects', async () => {
    const { folder } = await tinyEngine(cleanup, () => undefined);
    const file = join(folder, 'first.json');
    await writeFile(file, JSON.stringify(scenario([exchange('GET', '/a', 'A')])));
    const replayer = await startReplayer([file, scenario([exchange('GET', '/b', 'B')], 'second')]);
    expect(await answers(replayer, '/a')).toEqual(['A']);
    expect(replayer.remaining()).toEqual([{ method: 'GET', path: '/b' }]);
    await replayer.close();
  });
});

describe('a replay in matching mode', () => {
  it('answers in any order, and equal requests in the order of the recording', async () => {
    const replayer = await replay(
      [exchange('GET', '/a', '1'), exchange('GET', '/b', 'B'), exchange('GET', '/a', '2')],
      'matching',
    );
    expect(await answers(replayer, '/b', '/a', '/a')).toEqual(['B', '1', '2']);
  });

  it('repeats the last answer to a read, but not to another request', async () => {
    const replayer = await replay(
      [exchange('GET', '/a', '1'), exchange('GET', '/a', '2'), exchange('POST', '/a', 'done')],
      'matching',
    );
    expect(await answers(replayer, '/a', '/a', '/a', '/a')).toEqual(['1', '2', '2', '2']);
    expect((await ask(replayer.host, { method: 'POST', path: '/a' })).text).toBe('done');
    expect((await ask(replayer.host, { method: 'POST', path: '/a' })).status).toBe(501);
  });
});

describe('a request that was not recorded', () => {
  const create: Exchange = {
    request: {
      method: 'POST',
      path: '/containers/create?name=x',
      headers: { 'content-type': 'application/json' },
      body: { json: { Image: 'a', HostConfig: { Memory: 1024 }, Cmd: ['sh', '-c'] } },
    },
    response: { status: 201, body: { json: { Id: '1' } } },
  };

  it.each([
    [
      'the method',
      'PUT',
      '/containers/create?name=x',
      create.request.body,
      'method: recorded "POST", asked "PUT"',
    ],
    [
      'the path',
      'POST',
      '/containers/make?name=x',
      undefined,
      'path: recorded "/containers/create", asked "/containers/make"',
    ],
    ['the query', 'POST', '/containers/create?name=y', undefined, 'query.name: recorded "x", asked "y"'],
    [
      'a field of the body',
      'POST',
      '/containers/create?name=x',
      { Image: 'a', HostConfig: { Memory: 2048 }, Cmd: ['sh', '-c'] },
      'body.HostConfig.Memory: recorded 1024, asked 2048',
    ],
    [
      'a missing field',
      'POST',
      '/containers/create?name=x',
      { Image: 'a', HostConfig: {}, Cmd: ['sh'] },
      'body.Cmd[1]: recorded "-c", asked nothing',
    ],
  ])(
    'is reported with the nearest exchange and the difference: %s',
    async (_, method, path, body, difference) => {
      const replayer = await replay([exchange('GET', '/info', '{}'), create], 'matching');
      const { status, text } = await askJson(replayer.host, method, path, body ?? { Image: 'a' });
      expect(status).toBe(501);
      expect(JSON.parse(text)).toEqual({ message: expect.stringContaining(difference) });
      const asked = `${method} ${path} was asked, but not recorded. `;
      const recorded = 'Nearest is exchange 2 of "try", POST /containers/create?name=x:';
      expect(() => replayer.assertDone()).toThrow(asked + recorded);
    },
  );

  it('fails the test even if the client ignores it', async () => {
    const replayer = await replay([exchange('GET', '/a', 'A')]);
    await answers(replayer, '/swallowed', '/a');
    expect(replayer.requests()).toEqual([
      { method: 'GET', path: '/swallowed' },
      { method: 'GET', path: '/a' },
    ]);
    expect(() => replayer.assertDone()).toThrow(/GET \/swallowed was asked/);
    await expect(replayer.close()).rejects.toMatchObject({
      name: 'ReplayError',
      unmatched: [{ method: 'GET', path: '/swallowed' }],
    });
  });

  it('is reported even if the recording is empty', async () => {
    const replayer = await replay([]);
    expect((await ask(replayer.host, { path: '/a' })).text).toContain('the recording is empty');
  });

  it('may be an upgrade where the recording has none', async () => {
    const replayer = await replay([exchange('POST', '/exec/1/start', 'plain')]);
    await expect(upgrade(replayer.host, '/exec/1/start', '')).rejects.toThrow('status 501');
  });

  it('fails the test like a recorded request that was never sent', async () => {
    const replayer = await replay([exchange('GET', '/a', 'A')]);
    expect(() => replayer.assertDone()).toThrow('GET /a (exchange 1 of "try") was never asked');
    await replayer.close();
  });
});

describe('a request that was recorded', () => {
  it('matches with its query and its keys in another order', async () => {
    const replayer = await replay([
      {
        request: {
          method: 'POST',
          path: '/x?a=1&filters=%7B%22b%22%3A%5B%22c%22%5D%2C%22d%22%3A1%7D',
          body: { json: { p: 1, q: 2 } },
        },
        response: { status: 204 },
      },
    ]);
    const path = `/x?filters=${encodeURIComponent('{"d":1,"b":["c"]}')}&a=1`;
    expect(await askJson(replayer.host, 'POST', path, { q: 2, p: 1 })).toMatchObject({ status: 204 });
  });

  it('matches with other random names, which the answers then contain', async () => {
    const [a, b] = [token('a'), token('b')];
    const replayer = await replay([
      {
        request: {
          method: 'POST',
          path: `/containers/create?name=${a}`,
          body: { json: { Image: `image:${b}`, Networks: { [a]: {} } } },
        },
        response: {
          status: 201,
          headers: { location: `/${a}` },
          body: { json: { Name: a, Image: `image:${b}` } },
        },
      },
      {
        request: { method: 'GET', path: `/containers/${a}/logs` },
        response: {
          status: 200,
          chunks: [{ text: `border in ${a.slice(0, 9)}` }, { text: `${a.slice(9)} and ${b}` }],
        },
      },
    ]);
    const [x, y] = [token('1'), token('2')];
    const created = await askJson(replayer.host, 'POST', `/containers/create?name=${x}`, {
      Networks: { [x]: {} },
      Image: `image:${y}`,
    });
    expect(JSON.parse(created.text)).toEqual({ Name: x, Image: `image:${y}` });
    expect(created.headers.location).toBe(`/${x}`);
    const logs = await ask(replayer.host, { path: `/containers/${x}/logs` });
    expect(logs.chunks).toEqual([`border in ${x.slice(0, 9)}`, `${x.slice(9)} and ${y}`]);
    replayer.assertDone();
  });

  it('must repeat a random name where the recording repeats it', async () => {
    const replayer = await replay([
      exchange('GET', `/${token('a')}`, 'A'),
      exchange('DELETE', `/${token('a')}`, 'gone'),
    ]);
    await answers(replayer, `/${token('1')}`);
    expect((await ask(replayer.host, { method: 'DELETE', path: `/${token('2')}` })).status).toBe(501);
    expect((await ask(replayer.host, { method: 'DELETE', path: `/${token('1')}` })).text).toBe('gone');
  });
});

describe('a fixture', () => {
  it('is refused with a reason when it is malformed or missing', async () => {
    const { folder } = await tinyEngine(cleanup, () => undefined);
    const file = join(folder, 'wrong.json');
    await writeFile(file, JSON.stringify({ ...scenario([]), format: 2, surprise: true }));
    await expect(startReplayer(file)).rejects.toMatchObject({
      name: 'FixtureError',
      message: expect.stringMatching(/wrong\.json is not a fixture[^]*format/),
    });
    await expect(startReplayer(join(folder, 'missing.json'))).rejects.toMatchObject({
      name: 'FixtureError',
      cause: { code: 'ENOENT' },
    });
  });
});
