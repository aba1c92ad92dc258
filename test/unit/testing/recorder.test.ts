import { afterEach, describe, expect, it } from '@jest/globals';
import { readFile, stat } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRecorder, startReplayer } from '../../../lib/testing/index.js';
import type { Recorder, RecorderOptions, Replayer } from '../../../lib/testing/index.js';
import {
  ask,
  askJson,
  Cleanup,
  readBody,
  readOnce,
  readToEnd,
  startUpload,
  tinyEngine,
  upgrade,
} from './tiny-engine.js';
import type { TinyEngine } from './tiny-engine.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function record(
  handle: RequestListener,
  options: Omit<RecorderOptions, 'engine'> = {},
  onUpgrade?: Parameters<typeof tinyEngine>[2],
): Promise<{ engine: TinyEngine; recorder: Recorder }> {
  const engine = await tinyEngine(cleanup, handle, onUpgrade);
  const recorder = await startRecorder({ ...options, engine: engine.host });
  cleanup.add(() => recorder.close());
  return { engine, recorder };
}

/** Saves the recording to a file, and replays that. */
async function replay({ engine, recorder }: { engine: TinyEngine; recorder: Recorder }): Promise<Replayer> {
  const file = join(engine.folder, 'deep', 'fixture.json');
  await recorder.save(file, { name: 'try' });
  const replayer = await startReplayer(file);
  cleanup.add(() => replayer.close());
  return replayer;
}

const unused: RequestListener = (_, answer) => answer.end();

describe('a recording', () => {
  it('replays JSON with its status and the headers that a client needs', async () => {
    const recording = await record((asked, answer) => {
      void readBody(asked).then((body) => {
        answer.writeHead(201, {
          'Content-Type': 'application/json',
          'Api-Version': '1.41',
          Server: 'Tiny/1',
        });
        answer.end(`{"Id":"1","Cmd":"a \\u003e b","Got":${body}}\n`);
      });
    });
    const question = ['POST', '/containers/create?name=x', { Memory: 1 }] as const;
    const before = await askJson(recording.recorder.host, ...question);
    const replayer = await replay(recording);
    const now = await askJson(replayer.host, ...question);
    expect(now.status).toBe(201);
    expect(JSON.parse(now.text)).toEqual(JSON.parse(before.text));
    expect(now.headers).toMatchObject({ 'content-type': 'application/json', 'api-version': '1.41' });
    expect(now.headers).not.toHaveProperty('server');
    expect(now.headers).not.toHaveProperty('date');
    replayer.assertDone();
  });

  it('is a readable JSON file', async () => {
    const recording = await record((_, answer) => answer.end('OK'));
    await ask(recording.recorder.host, { path: '/_ping' });
    const file = join(recording.engine.folder, 'ping.json');
    await recording.recorder.save(file, { name: 'ping', description: 'Is it there?' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      format: 1,
      name: 'ping',
      description: 'Is it there?',
      recorded: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      engine: { name: 'Tiny', version: '1.2.3', apiVersion: '1.41' },
      exchanges: [
        {
          request: { method: 'GET', path: '/_ping' },
          response: { status: 200, headers: { 'content-length': '2' }, body: { text: 'OK' } },
        },
      ],
    });
  });

  it('keeps integers that JavaScript cannot represent', async () => {
    const recording = await record((_, answer) => answer.end('{"timeNano":1763702763402535538}\n'));
    await ask(recording.recorder.host, { path: '/x' });
    const replayer = await replay(recording);
    expect((await ask(replayer.host, { path: '/x' })).text).toBe('{"timeNano":1763702763402535538}\n');
  });

  it('keeps the chunk boundaries of a progress stream', async () => {
    const lines = ['{"status":"a"}\r\n{"sta', 'tus":"b"}\r\n', '{"error":"no"}\r\n'];
    const recording = await record((asked, answer) => {
      asked.resume();
      asked.on('end', () => {
        lines.forEach((line, i) => setTimeout(() => answer.write(line), 20 * i));
        setTimeout(() => answer.end(), 20 * lines.length);
      });
    });
    const question = { method: 'POST', path: '/images/load', body: Buffer.alloc(100_000) };
    expect((await ask(recording.recorder.host, question)).chunks).toEqual(lines);
    const replayer = await replay(recording);
    expect((await ask(replayer.host, question)).chunks).toEqual(lines);
  });

  it('keeps multiplexed logs byte for byte', async () => {
    const frames = ['\x01\0\0\0\0\0\0\x06hello\n', '\x02\0\0\0\0\0\0\x03\xff\xfe\n'];
    const recording = await record((_, answer) => {
      answer.write(frames[0], 'latin1');
      setTimeout(() => answer.end(frames[1], 'latin1'), 20);
    });
    const question = { path: '/v1.41/containers/x/logs?stdout=1' };
    await ask(recording.recorder.host, question);
    const replayer = await replay(recording);
    expect((await ask(replayer.host, question)).chunks).toEqual(frames);
  });

  it('replays both directions of an upgraded connection, and the end of each', async () => {
    const recording = await record(unused, {}, (_, connection) => {
      connection.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nprompt>');
      connection.once('data', (word: Buffer) => {
        connection.write(`you said ${word.toString()}`);
        connection.on('end', () => connection.end('bye')).resume();
      });
    });
    const talk = async (host: string): Promise<unknown[]> => {
      const { status, connection } = await upgrade(host, '/exec/1/start', '');
      const prompt = await readOnce(connection);
      connection.write('ls');
      const echo = await readOnce(connection);
      connection.end();
      return [status, prompt, echo, await readToEnd(connection)];
    };
    const before = await talk(recording.recorder.host);
    expect(before).toEqual([101, 'prompt>', 'you said ls', 'bye']);
    const replayer = await replay(recording);
    expect(await talk(replayer.host)).toEqual(before);
  });

  it('records the body of an upgrade request, and passes on an answer that refuses the upgrade', async () => {
    const engine = await startReplayer(
      {
        format: 1,
        name: 'engine',
        recorded: '2026-11-21T05:26:03Z',
        engine: { name: 'Engine', version: '1', apiVersion: '1.41' },
        exchanges: [
          {
            request: { method: 'GET', path: '/version' },
            response: { status: 200, body: { json: { Version: '1', ApiVersion: '1.41' } } },
          },
          {
            request: {
              method: 'POST',
              path: '/exec/1/start',
              headers: { upgrade: 'tcp' },
              body: { json: { Tty: false } },
            },
            response: { status: 101, headers: { upgrade: 'tcp' }, stream: [{ from: 'engine', end: true }] },
          },
          {
            request: {
              method: 'POST',
              path: '/exec/2/start',
              headers: { upgrade: 'tcp' },
              body: { json: { Tty: true } },
            },
            response: { status: 404, body: { json: { message: 'No such exec instance: 2' } } },
          },
        ],
      },
      { mode: 'matching' },
    );
    cleanup.add(() => engine.close());
    const recorder = await startRecorder({ engine: engine.host });
    cleanup.add(() => recorder.close());
    const { connection } = await upgrade(recorder.host, '/exec/1/start', '{"Tty":false}');
    expect(await readToEnd(connection)).toBe('');
    connection.end();
    await expect(upgrade(recorder.host, '/exec/2/start', '{"Tty":true}')).rejects.toThrow('status 404');
    engine.assertDone();
    expect(recorder.exchanges()[0]?.request.body).toEqual({ json: { Tty: false } });
  });

  it('replays an answer that the engine truncated, up to the break', async () => {
    const recording = await record((_, answer) => {
      answer.write('first');
      setTimeout(() => answer.write('second'), 20);
      setTimeout(() => answer.destroy(), 40);
    });
    expect(await ask(recording.recorder.host, { path: '/images/x/get' })).toMatchObject({ cut: true });
    expect(recording.recorder.exchanges()).toMatchObject([{ ended: 'truncated' }]);
    const replayer = await replay(recording);
    const now = await ask(replayer.host, { path: '/images/x/get' });
    expect(now).toMatchObject({ status: 200, chunks: ['first', 'second'], cut: true });
  });

  it('replays a connection that the engine broke before it answered', async () => {
    const recording = await record((asked) => asked.socket.destroy());
    expect(await ask(recording.recorder.host, { path: '/info' })).toMatchObject({
      status: undefined,
      cut: true,
    });
    const replayer = await replay(recording);
    expect(await ask(replayer.host, { path: '/info' })).toMatchObject({ status: undefined, cut: true });
    replayer.assertDone();
  });

  it('records that the client aborted, and expects that again in a replay', async () => {
    const recording = await record((_, answer) => answer.write('one'));
    const giveUp = async (host: string): Promise<{ chunks: string[]; cut: boolean }> => {
      const stop = new AbortController();
      return ask(host, { path: '/events', onChunk: () => stop.abort(), signal: stop.signal });
    };
    await giveUp(recording.recorder.host);
    await sleep(20);
    expect(recording.recorder.exchanges()).toMatchObject([{ ended: 'aborted' }]);
    const replayer = await replay(recording);
    expect(await giveUp(replayer.host)).toMatchObject({ chunks: ['one'] });
  });

  it('records only the size of an archive and of a large body', async () => {
    const recording = await record((asked, answer) => asked.resume().on('end', () => answer.end()));
    const put = (host: string, type: string, body: Buffer): Promise<unknown> =>
      ask(host, { method: 'PUT', path: '/x', headers: { 'Content-Type': type }, body });
    await put(recording.recorder.host, 'application/x-tar', Buffer.alloc(512));
    await put(recording.recorder.host, 'text/plain', Buffer.alloc(65_537));
    expect(recording.recorder.exchanges().map(({ request }) => request.body)).toEqual([
      { bytes: 512 },
      { bytes: 65_537 },
    ]);
    const replayer = await replay(recording);
    expect(await put(replayer.host, 'application/x-tar', Buffer.alloc(1024))).toMatchObject({ status: 200 });
    expect(await put(replayer.host, 'text/plain', Buffer.alloc(70_000))).toMatchObject({ status: 200 });
  });

  it('refuses to save an answer beyond the limit, and names it', async () => {
    const recording = await record((_, answer) => answer.end(Buffer.alloc(2000)), { maxAnswerBytes: 1000 });
    expect((await ask(recording.recorder.host, { path: '/images/x/get' })).text).toHaveLength(2000);
    const saving = recording.recorder.save(join(recording.engine.folder, 'x.json'), { name: 'x' });
    await expect(saving).rejects.toThrow(/GET \/images\/x\/get has 2000 bytes.*keeps 1000/);
  });

  it('contains no secret, and replays for another one', async () => {
    const recording = await record(
      (asked, answer) => {
        void readBody(asked).then(() => {
          answer.write('{"IdentityToken":"s3cret-token"}\r\nTOKEN=s3c');
          setTimeout(() => answer.end('ret\n'), 20);
        });
      },
      { scrub: [/TOKEN=\w+/] },
    );
    const login = (host: string, secret: string): ReturnType<typeof ask> =>
      ask(host, {
        method: 'POST',
        path: '/auth',
        headers: { 'Content-Type': 'application/json', 'X-Registry-Auth': secret },
        body: JSON.stringify({ username: 'u', password: secret, Env: [`TOKEN=${secret}`] }),
      });
    await login(recording.recorder.host, 's3cret');
    expect(JSON.stringify(recording.recorder.exchanges())).not.toContain('s3c');
    const replayer = await replay(recording);
    const { text } = await login(replayer.host, 'quite-another-one');
    expect(text).toHaveLength('{"IdentityToken":"s3cret-token"}\r\nTOKEN=s3cret\n'.length);
    replayer.assertDone();
  });

  it('requires an engine that answers', async () => {
    await expect(startRecorder({ engine: 'unix:///nowhere/engine.sock' })).rejects.toMatchObject({
      name: 'RecordingError',
      message: expect.stringContaining('unix:///nowhere/engine.sock'),
    });
    await expect(startRecorder({ engine: 'ftp://x' })).rejects.toThrow(TypeError);
  });

  it('leaves no socket behind', async () => {
    const engine = await tinyEngine(cleanup, unused);
    const recorder = await startRecorder({ engine: engine.host });
    const path = recorder.host.slice('unix://'.length);
    expect((await stat(path)).isSocket()).toBe(true);
    await recorder.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('aborts an upload when the client disconnects, and matches it in a replay', async () => {
    const failures: unknown[] = [];
    const recording = await record((asked) => {
      asked.resume().on('error', (error) => failures.push(error));
    });
    const uploadHalf = async (host: string): Promise<void> => {
      const sending = startUpload(host);
      sending.write('half');
      await sleep(30);
      sending.destroy();
      await sleep(30);
    };
    await uploadHalf(recording.recorder.host);
    expect(failures).toHaveLength(1);
    const replayer = await replay(recording);
    await uploadHalf(replayer.host);
    replayer.assertDone();
  });
});
