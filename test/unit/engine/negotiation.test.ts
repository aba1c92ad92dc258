import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  EngineError,
  EngineProtocolError,
  EngineVersionUnsupported,
  containerRef,
  imageRef,
} from '../../../lib/engine/index.js';
import { Readable } from 'node:stream';

import { FakeEngine, answerJson, version20 } from './fake-engine.js';

const specification = { Image: imageRef('busybox:1') };
const id = 'c0'.repeat(32);

describe('the API version', () => {
  let fake: FakeEngine;
  /** The versions that the fake engine speaks from now on; it refuses others as real engines do. */
  let speaks: { ApiVersion: string; MinAPIVersion: string };

  const become = (minimum: string, maximum: string): void => {
    speaks = { ApiVersion: maximum, MinAPIVersion: minimum };
    fake.version = { ...version20, ...speaks };
  };

  beforeEach(async () => {
    fake = await FakeEngine.start((request, response) => {
      const minor = (version: string): number => Number(version.split('.')[1]);
      const asked = /^\/v(1\.\d+)\//.exec(request.url ?? '')?.[1] ?? '1.0';
      request.resume();
      request.on('end', () => {
        if (minor(asked) > minor(speaks.ApiVersion)) {
          answerJson(response, 400, {
            message: `client version ${asked} is too new. Maximum supported API version is ${speaks.ApiVersion}`,
          });
        } else if (minor(asked) < minor(speaks.MinAPIVersion)) {
          response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
          response.end(
            `client version ${asked} is too old. Minimum supported API version is ${speaks.MinAPIVersion}, please upgrade`,
          );
        } else answerJson(response, 201, { Id: id, Warnings: null });
      });
    });
    become('1.12', '1.41');
  });

  afterEach(() => fake.stop());

  it.each([
    ['1.12', '1.40', '1.40'],
    ['1.12', '1.41', '1.41'],
    ['1.12', '1.43', '1.43'],
    ['1.24', '1.51', '1.51'],
    ['1.44', '1.52', '1.52'],
    ['1.40', '1.56', '1.55'],
    ['1.55', '1.99', '1.55'],
  ])('with an engine that speaks %s to %s is %s', async (minimum, maximum, chosen) => {
    become(minimum, maximum);
    expect(await fake.client().negotiate()).toEqual({
      apiVersion: chosen,
      engineVersion: '20.10.24',
      minimumApiVersion: minimum,
      maximumApiVersion: maximum,
      operatingSystem: 'linux',
      architecture: 'amd64',
    });
  });

  it.each([
    ['1.12', '1.39'],
    ['1.56', '1.60'],
  ])('cannot be negotiated with an engine that speaks only %s to %s', async (minimum, maximum) => {
    become(minimum, maximum);
    const failure = fake.client().containers.create({ specification });
    await expect(failure).rejects.toBeInstanceOf(EngineVersionUnsupported);
    await expect(failure).rejects.toThrow(
      `engine 20.10.24 speaks API ${minimum} to ${maximum}, this driver 1.40 to 1.55`,
    );
  });

  it('cannot be negotiated with a server whose /version is malformed', async () => {
    fake.version = { Version: '1', ApiVersion: 'v2', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };
    await expect(fake.client().negotiate()).rejects.toBeInstanceOf(EngineProtocolError);
    fake.version = { hello: 'world' };
    await expect(fake.client().negotiate()).rejects.toBeInstanceOf(EngineProtocolError);
  });

  it('is negotiated once for any number of calls, concurrent ones included', async () => {
    const engine = fake.client();
    await Promise.all([1, 2, 3].map(() => engine.containers.create({ specification })));
    await engine.negotiate();
    await engine.containers.create({ specification });
    expect(fake.requests.filter((line) => line === 'GET /version')).toHaveLength(1);
    expect(fake.requests).toHaveLength(5);
  });

  it('is negotiated again after a failure', async () => {
    const engine = fake.client();
    fake.version = {};
    await expect(engine.negotiate()).rejects.toBeInstanceOf(EngineProtocolError);
    become('1.12', '1.41');
    expect((await engine.negotiate()).apiVersion).toBe('1.41');
  });

  it("is still negotiated for other callers when one caller's signal aborts", async () => {
    const engine = fake.client();
    const reason = new Error('not any more');
    const controller = new AbortController();
    const [impatient, patient] = [engine.negotiate({ signal: controller.signal }), engine.negotiate()];
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    expect((await patient).apiVersion).toBe('1.41');
  });

  it.each([
    ['newer', '1.44', '1.56', '1.55'],
    ['older', '1.12', '1.40', '1.40'],
  ])(
    'is negotiated again, once, when the engine was replaced by a %s one',
    async (_which, minimum, maximum, chosen) => {
      const engine = fake.client();
      await engine.containers.create({ specification });
      become(minimum, maximum);
      fake.requests.length = 0;
      await engine.containers.create({ specification, name: containerRef('ab') });
      await engine.containers.create({ specification });
      expect(fake.requests).toEqual([
        'POST /v1.41/containers/create?name=ab',
        'GET /version',
        `POST /v${chosen}/containers/create?name=ab`,
        `POST /v${chosen}/containers/create`,
      ]);
    },
  );

  it('is negotiated again for the next call when the engine refused the version of an upload, which cannot be retried', async () => {
    const engine = fake.client();
    await engine.negotiate();
    become('1.44', '1.56');
    const archive = Readable.from([Buffer.from('tar')]);
    const failure = engine.files.putArchive(containerRef('ab'), { path: '/', archive });
    await expect(failure).rejects.toBeInstanceOf(EngineError);
    await engine.containers.create({ specification });
    expect(fake.requests.at(-1)).toBe('POST /v1.55/containers/create');
  });

  it('is negotiated only once more with an engine whose /version contradicts its answers', async () => {
    const engine = fake.client();
    speaks = { ApiVersion: '1.30', MinAPIVersion: '1.12' };
    await expect(engine.containers.create({ specification })).rejects.toMatchObject({ status: 400 });
    expect(fake.requests).toHaveLength(4);
  });
});
