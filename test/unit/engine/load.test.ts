import { PassThrough, Readable } from 'node:stream';

import { afterEach, describe, expect, it } from '@jest/globals';

import { EngineError, EngineUnreachable, TruncatedStream, containerRef } from '../../../lib/engine/index.js';
import { FakeEngine, answerJson, until, type Handler } from './fake-engine.js';

let fake: FakeEngine;
const start = async (handler: Handler): Promise<FakeEngine> => (fake = await FakeEngine.start(handler));
afterEach(() => fake.stop());

/** An engine that reads the whole archive and then answers with these lines. */
const answeringWith =
  (...lines: object[]): Handler =>
  (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      for (const line of lines) response.write(`${JSON.stringify(line)}\r\n`);
      response.end();
    });
  };

const archiveOf = (bytes: number): Readable =>
  Readable.from(
    (function* () {
      for (let left = bytes; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536));
    })(),
  );

describe('images.load', () => {
  it('sends the archive as a chunked tar stream', async () => {
    let headers: object = {};
    await start((request, response) => {
      headers = request.headers;
      answeringWith({ stream: 'Loaded image: nova-docker-driver.invalid/loading:tmp-1\n' })(
        request,
        response,
      );
    });
    await fake.client().images.load(archiveOf(100_000));
    expect(headers).toMatchObject({ 'content-type': 'application/x-tar', 'transfer-encoding': 'chunked' });
    expect(fake.requests[1]).toBe('POST /v1.41/images/load?quiet=false');
  });

  it('reports how many bytes went to the engine', async () => {
    await start(answeringWith());
    const reported: number[] = [];
    await fake.client().images.load(archiveOf(200_000), { onProgress: (bytes) => reported.push(bytes) });
    expect(reported.at(-1)).toBe(200_000);
    expect(reported).toEqual([...reported].sort((a, b) => a - b));
  });

  it.each([
    [{ errorDetail: { message: 'no space left' }, error: 'no space left' }],
    [{ error: 'no space left' }],
  ])('fails when the engine reports an error inside a 200 answer: %j', async (line) => {
    await start(answeringWith(line));
    await expect(fake.client().images.load(archiveOf(10))).rejects.toMatchObject({
      constructor: EngineError,
      engineMessage: 'no space left',
      status: 200,
      inBand: true,
    });
  });

  it('fails when the engine reports an error after it reported the image as loaded', async () => {
    const failure = 'Error unpacking image a:b: content digest sha256:0 not found\n';
    await start(answeringWith({ stream: 'Loaded image: a:b\n' }, { stream: failure }));
    await expect(fake.client().images.load(archiveOf(10))).rejects.toMatchObject({
      constructor: EngineError,
      engineMessage: 'content digest sha256:0 not found',
      inBand: true,
    });
  });

  it('fails when the answer is truncated after the engine reported the image as loaded', async () => {
    await start((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200).write('{"stream":"Loaded image: a:b\\n"}\n');
        setTimeout(() => response.destroy(), 20);
      });
    });
    await expect(fake.client().images.load(archiveOf(10))).rejects.toBeInstanceOf(TruncatedStream);
  });

  it("fails with the archive's own error, and lets the engine see no complete request", async () => {
    let whole = false;
    await start((request) => request.resume().on('end', () => (whole = true)));
    const reason = new Error('the hash is wrong');
    const archive = new PassThrough();
    archive.write(Buffer.alloc(1000));
    setTimeout(() => archive.destroy(reason), 30);
    await expect(fake.client().images.load(archive)).rejects.toBe(reason);
    await until(() => fake.connections.size === 0, 'the connection is closed');
    expect(whole).toBe(false);
  });

  it('fails when the archive is destroyed before its end', async () => {
    let whole = false;
    await start((request) => request.resume().on('end', () => (whole = true)));
    const archive = new PassThrough();
    archive.write(Buffer.alloc(1000));
    setTimeout(() => archive.destroy(), 30);
    await expect(fake.client().images.load(archive)).rejects.toBeInstanceOf(TruncatedStream);
    expect(whole).toBe(false);
  });

  it('fails with the error of an archive that failed before the call', async () => {
    await start(answeringWith());
    const reason = new Error('too late');
    const archive = new PassThrough();
    archive.on('error', () => undefined);
    archive.destroy(reason);
    await expect(fake.client().images.load(archive)).rejects.toBe(reason);
  });

  it('fails with EngineUnreachable when the connection breaks during the upload', async () => {
    await start((request) => request.once('data', () => request.socket.destroy()));
    const archive = archiveOf(64 * 1024 * 1024);
    await expect(fake.client().images.load(archive)).rejects.toMatchObject({
      constructor: EngineUnreachable,
      maybeDone: true,
    });
    expect(archive.destroyed).toBe(true);
  });
});

describe('the source of an upload', () => {
  it('is destroyed, and the connection closed, when the engine refuses the upload before its end', async () => {
    await start((_request, response) => answerJson(response, 404, { message: 'No such container: ab' }));
    const archive = new PassThrough();
    archive.write(Buffer.alloc(1000));
    const call = fake.client().files.putArchive(containerRef('ab'), { path: '/', archive });
    await expect(call).rejects.toMatchObject({ status: 404, engineMessage: 'No such container: ab' });
    expect(archive.destroyed).toBe(true);
    await until(() => fake.connections.size === 0, 'the connection is closed');
  });

  it('is destroyed when the engine answers 200 before its end', async () => {
    await start((request, response) => request.once('data', () => response.writeHead(200).end()));
    const archive = new PassThrough();
    archive.write(Buffer.alloc(1000));
    await fake.client().files.putArchive(containerRef('ab'), { path: '/', archive });
    expect(archive.destroyed).toBe(true);
  });

  it('is destroyed when the client is closed already', async () => {
    await start(answeringWith());
    const engine = fake.client();
    engine.close();
    const archive = archiveOf(10);
    await expect(engine.images.load(archive)).rejects.toBeInstanceOf(EngineUnreachable);
    expect(archive.destroyed).toBe(true);
  });

  it('is not read faster than the engine reads the upload', async () => {
    await start(() => undefined);
    let given = 0;
    const archive = Readable.from(
      (function* () {
        for (;;) {
          given += 65536;
          yield Buffer.alloc(65536);
        }
      })(),
    );
    const controller = new AbortController();
    const call = fake.client().images.load(archive, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 200);
    await expect(call).rejects.toThrow('enough');
    expect(given).toBeLessThan(8 * 1024 * 1024);
  });
});
