import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extract, pack } from 'tar-stream';

import { isConflict, isNotFound, type ContainerId, type Engine } from '../../../lib/engine/index.js';
import { Workbench } from './workbench.js';

const forever = 'sleep 1000 & wait';

describe('streams', () => {
  let bench: Workbench;
  let engine: Engine;

  beforeAll(async () => {
    bench = await Workbench.open();
    ({ engine } = bench);
  });
  afterAll(() => bench.close());

  const finished = async (script: string, tty: boolean): Promise<ContainerId> => {
    const id = await bench.run(script, { Tty: tty });
    await engine.containers.wait(id);
    return id;
  };

  describe('logs', () => {
    it('give both outputs in order, without frames', async () => {
      const id = await finished('echo one; sleep 0.1; echo two >&2; sleep 0.1; echo žlutý', false);
      expect(await text(await engine.containers.logs(id, { tty: false }))).toBe('one\ntwo\nžlutý\n');
      expect(await text(await engine.containers.logs(id, { tty: false, stderr: false }))).toBe(
        'one\nžlutý\n',
      );
      expect(await text(await engine.containers.logs(id, { tty: false, tail: 1 }))).toBe('žlutý\n');
      expect(await text(await engine.containers.logs(id, { tty: false, timestamps: true, tail: 1 }))).toMatch(
        /^\d{4}-\d\d-\d\dT\S+Z žlutý\n$/,
      );
    });

    it('give what a terminal shows', async () => {
      const id = await finished('echo one; echo two >&2', true);
      expect(await text(await engine.containers.logs(id, { tty: true }))).toBe('one\r\ntwo\r\n');
    });

    it('give megabytes whole', async () => {
      const id = await finished('yes 0123456789abcde | head -c 4194304', false);
      const output = await buffer(await engine.containers.logs(id, { tty: false }));
      expect(output.equals(Buffer.from('0123456789abcde\n'.repeat(4194304 / 16)))).toBe(true);
    });

    it('follow until the end', async () => {
      const id = await bench.run('for i in 1 2 3; do echo $i; sleep 0.1; done');
      expect(await text(await engine.containers.logs(id, { tty: false, follow: true }))).toBe('1\n2\n3\n');
    });
  });

  describe('attach', () => {
    it('feeds a container and reads it', async () => {
      const id = await bench.create('read line; echo "got $line"; cat', { OpenStdin: true, StdinOnce: true });
      const stream = await engine.containers.attach(id, {
        stdin: true,
        stdout: true,
        stderr: true,
        tty: false,
      });
      await engine.containers.start(id);
      stream.write('hello\n');
      stream.end('the rest');
      expect(await text(stream)).toBe('got hello\nthe rest');
    });

    it('leaves a container running when it is destroyed', async () => {
      const id = await bench.run(`echo ready; ${forever}`, { OpenStdin: true, Tty: true });
      const stream = await engine.containers.attach(id, { stdin: true, stdout: true, logs: true, tty: true });
      for await (const chunk of stream) {
        expect(String(chunk)).toContain('ready');
        break;
      }
      expect(stream.destroyed).toBe(true);
      expect((await engine.containers.inspect(id)).State.Running).toBe(true);
    });
  });

  describe('exec', () => {
    it('feeds a process, reads it, and tells its exit code', async () => {
      const id = await bench.run(forever);
      const exec = await engine.exec.create(id, {
        specification: {
          Cmd: ['sh', '-c', 'cat >/tmp-file; wc -c </tmp-file; sleep 0.2; echo "$WHO" >&2; exit 3'],
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          Env: ['WHO=me'],
        },
      });
      const stream = await engine.exec.start(exec, { tty: false });
      stream.end(Buffer.alloc(1024 * 1024));
      expect(await text(stream)).toBe('1048576\nme\n');
      expect(await engine.exec.inspect(exec)).toMatchObject({ Running: false, ExitCode: 3, ContainerID: id });
    });

    it('runs a process without input', async () => {
      const id = await bench.run(forever);
      const specification = { Cmd: ['hostname'], AttachStdout: true };
      const exec = await engine.exec.create(id, { specification });
      expect(await text(await engine.exec.start(exec, { tty: false }))).toBe(`${id.slice(0, 12)}\n`);
    });

    it('is refused by a container that does not run', async () => {
      const id = await bench.create('true');
      const specification = { Cmd: ['true'], AttachStdout: true };
      const failure: unknown = await engine.exec
        .create(id, { specification })
        .catch((error: unknown) => error);
      expect(isConflict(failure)).toBe(true);
    });
  });

  describe('archives', () => {
    const archive = (name: string, content: Buffer): Readable => {
      const tar = pack();
      tar.entry({ name, mode: 0o640, uid: 7 }, content);
      tar.finalize();
      return Readable.from(tar);
    };

    it('go in before the first start and come out again', async () => {
      const id = await bench.create('cat /etc/greeting; stat -c "%a %u" /etc/greeting');
      const content = Buffer.from('hello\n');
      await engine.files.putArchive(id, { path: '/etc', archive: archive('greeting', content) });
      await engine.containers.start(id);
      await engine.containers.wait(id);
      expect(await text(await engine.containers.logs(id, { tty: false }))).toBe('hello\n640 7\n');

      const entries: string[] = [];
      const reader = (await engine.files.getArchive(id, { path: '/etc/greeting' })).pipe(extract());
      for await (const entry of reader)
        entries.push(`${entry.header.name}: ${await text(Readable.from(entry))}`);
      expect(entries).toEqual(['greeting: hello\n']);
    });

    it('of many megabytes pass both ways unchanged', async () => {
      const id = await bench.create('true');
      const content = Buffer.alloc(32 * 1024 * 1024, 'pattern');
      await engine.files.putArchive(id, { path: '/', archive: archive('big', content) });
      const reader = (await engine.files.getArchive(id, { path: '/big' })).pipe(extract());
      for await (const entry of reader) {
        expect((await buffer(Readable.from(entry))).equals(content)).toBe(true);
      }
    });

    it('are refused with the reason, and the source is destroyed', async () => {
      const id = await bench.create('true');
      const source = archive('x', Buffer.alloc(1024 * 1024));
      const failure: unknown = await engine.files
        .putArchive(id, { path: '/no/such/folder', archive: source })
        .catch((error: unknown) => error);
      expect(isNotFound(failure)).toBe(true);
      expect(source.destroyed).toBe(true);
      const missing = engine.files.getArchive(id, { path: '/nothing' });
      expect(isNotFound(await missing.catch((error: unknown) => error))).toBe(true);
    });
  });
});
