import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import {
  GlanceConnectionFailed,
  ImageDeleteConflict,
  ImageNotAuthorized,
  ImageNotFound,
  type ImageRecord,
  type Logger,
} from '../../../interfaces/index.js';
import {
  GlanceImageService,
  ImageServiceError,
  ImageServiceProtocolError,
} from '../../../lib/image-services/index.js';
import { bytesOf, formats, read, streamOf } from '../contract/index.js';
import { noauth, noauthOptions } from './environment.js';
import { FaultyProxy } from './faulty-proxy.js';

const { member } = noauth;
const proxy = new FaultyProxy(noauth.endpoint);
const second = new FaultyProxy(noauth.endpoint);
/** No server listens on port 1 (tcpmux). */
const nobody = 'http://127.0.0.1:1';
const timeouts = { callMs: 500, idleMs: 500, settleMs: 1000 };
const direct = new GlanceImageService(noauthOptions());
const services: GlanceImageService[] = [];
let image: ImageRecord;

const serviceAt = (endpoints: string | string[], retries = 2): GlanceImageService => {
  const service = new GlanceImageService({ ...noauthOptions(endpoints), timeouts, maxRetries: retries });
  services.push(service);
  return service;
};

beforeAll(async () => {
  await Promise.all([proxy.start(), second.start()]);
  image = await direct.create(member, formats, streamOf(bytesOf(1000)));
});
beforeEach(() => {
  proxy.reset();
  second.reset();
});
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});
afterAll(async () => {
  await direct.delete(member, image.id);
  direct.close();
  await Promise.all([proxy.stop(), second.stop()]);
});

describe('several Glance endpoints', () => {
  it('are used in rotation', async () => {
    const service = serviceAt([proxy.url, second.url]);
    for (let n = 0; n < 4; n += 1) await service.show(member, image.id);
    expect([proxy.seen.length, second.seen.length]).toEqual([2, 2]);
  });

  it.each([
    ['refuses connections', () => nobody],
    [
      'is unavailable',
      () => {
        second.inject({ answer: { status: 503 }, times: Infinity });
        return second.url;
      },
    ],
    [
      'is silent',
      () => {
        second.inject({ silent: true, times: Infinity });
        return second.url;
      },
    ],
  ])('replace one that %s', async (_what, first) => {
    const service = serviceAt([first(), proxy.url]);
    expect(await service.show(member, image.id)).toEqual(image);
    const made = await service.create(member, formats, streamOf(bytesOf(10)));
    expect((await read(await service.download(member, made.id))).length).toBe(10);
    await service.delete(member, made.id);
  });

  it('make a call fail when all of them are unreachable', async () => {
    const service = serviceAt([nobody, nobody]);
    await expect(service.show(member, image.id)).rejects.toBeInstanceOf(GlanceConnectionFailed);
    await expect(service.create(member, {})).rejects.toBeInstanceOf(GlanceConnectionFailed);
    await expect(service.detail(member)).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });
});

describe('a request to Glance', () => {
  it.each([
    ['the connection breaks', { cut: 0 }],
    ['the response is lost', { loseAnswer: true }],
    ['the service is unavailable', { answer: { status: 503 } }],
    ['a proxy cannot reach the service', { answer: { status: 502 } }],
    ['the service does not respond', { silent: true }],
    ['the service sends headers only', { stall: 0 }],
  ])('is retried when %s', async (_what, fault) => {
    proxy.inject({ ...fault, times: 2 });
    expect(await serviceAt(proxy.url).show(member, image.id)).toEqual(image);
    expect(proxy.seen).toHaveLength(3);
  });

  it('is retried as often as the option retries says', async () => {
    proxy.inject({ answer: { status: 503 }, times: Infinity });
    await expect(serviceAt(proxy.url).show(member, image.id)).rejects.toBeInstanceOf(GlanceConnectionFailed);
    expect(proxy.seen).toHaveLength(3);
  });

  it('that creates an image is not retried when it may have arrived', async () => {
    proxy.inject({ method: 'POST', answer: { status: 504 } });
    await expect(serviceAt(proxy.url).create(member, { id: randomUUID() })).rejects.toBeInstanceOf(
      ImageServiceError,
    );
    expect(proxy.asked('POST', /./)).toHaveLength(1);
  });

  it('that deletes an image succeeds when its retry finds no image', async () => {
    const { id } = await direct.create(member, {});
    proxy.inject({ method: 'DELETE', loseAnswer: true });
    await serviceAt(proxy.url).delete(member, id);
    await expect(direct.show(member, id)).rejects.toBeInstanceOf(ImageNotFound);
  });

  it('that deletes an image rejects with ImageDeleteConflict on status 409', async () => {
    proxy.inject({ method: 'DELETE', answer: { status: 409 } });
    await expect(serviceAt(proxy.url).delete(member, image.id)).rejects.toBeInstanceOf(ImageDeleteConflict);
  });

  it('that changes an image is retried', async () => {
    const { id } = await direct.create(member, {});
    proxy.inject({ method: 'PATCH', loseAnswer: true });
    expect(await serviceAt(proxy.url).update(member, id, { properties: { a: 'b' } })).toMatchObject({
      properties: { a: 'b' },
    });
    await direct.delete(member, id);
  });

  it("rejects with the signal's reason between two attempts", async () => {
    proxy.inject({ answer: { status: 503 }, times: Infinity });
    const reason = new Error('no longer wanted');
    const signal = AbortSignal.timeout(150);
    const abort = new AbortController();
    signal.addEventListener('abort', () => abort.abort(reason));
    const patient = serviceAt(proxy.url, 50);
    await expect(patient.show(member, image.id, { signal: abort.signal })).rejects.toBe(reason);
  });

  it('has the global_request_id of the context', async () => {
    const global_request_id = `req-${randomUUID()}`;
    await serviceAt(proxy.url).show({ ...member, global_request_id }, image.id);
    expect(proxy.seen[0]?.headers['x-openstack-request-id']).toBe(global_request_id);
  });

  it('ignores http_proxy in the environment', async () => {
    process.env['http_proxy'] = nobody;
    try {
      expect(await serviceAt(proxy.url).show(member, image.id)).toEqual(image);
    } finally {
      delete process.env['http_proxy'];
    }
  });

  it('does not follow a redirect, which would send the token to another server', async () => {
    proxy.inject({ answer: { status: 302, headers: { Location: `${second.url}/v2/images/${image.id}` } } });
    await expect(serviceAt(proxy.url).show(member, image.id)).rejects.toBeInstanceOf(ImageServiceError);
    expect(second.seen).toEqual([]);
  });
});

describe('a response of Glance', () => {
  it('with an error becomes its message without HTML', async () => {
    const body = '<html><title>500</title>\n<p>Something &quot;bad&quot;</p></html>';
    proxy.inject({ answer: { status: 500, body } });
    await expect(serviceAt(proxy.url).show(member, image.id)).rejects.toMatchObject({
      name: 'ImageServiceError',
      status: 500,
      request: { method: 'GET', path: `/v2/images/${image.id}` },
      message: expect.stringMatching(/^[^<>]*Something[^<>]*$/),
    });
  });

  it.each(['{', '[]', '{"id": 5}', '{"images": 1}'])(
    'with the malformed body %s is refused',
    async (body) => {
      proxy.inject({ answer: { status: 200, body } });
      await expect(serviceAt(proxy.url).show(member, image.id)).rejects.toBeInstanceOf(
        ImageServiceProtocolError,
      );
    },
  );

  it('with status 401 becomes ImageNotAuthorized', async () => {
    const stranger = { auth_token: 'no such token' };
    await expect(serviceAt(proxy.url).show(stranger, image.id)).rejects.toBeInstanceOf(ImageNotAuthorized);
    await expect(serviceAt(proxy.url).show({}, image.id)).rejects.toBeInstanceOf(ImageNotAuthorized);
    await expect(serviceAt(proxy.url).show({ auth_token: 'a\r\nb' }, image.id)).rejects.toBeInstanceOf(
      ImageNotAuthorized,
    );
  });
});

describe('GlanceImageService.detail', () => {
  it('returns the images of all pages', async () => {
    const made: string[] = [];
    const name = randomUUID();
    for (let n = 0; n < 5; n += 1) made.push((await direct.create(member, { name })).id);
    proxy.inject({
      times: Infinity,
      rewrite: (seen) => ({ ...seen, url: seen.url.replace('limit=200', 'limit=2') }),
    });
    const listed = await serviceAt(proxy.url).detail(member, { filters: { name } });
    expect(listed.map(({ id }) => id).sort()).toEqual(made.sort());
    expect(proxy.seen.length).toBeGreaterThanOrEqual(3);
    for (const id of made) await direct.delete(member, id);
  });

  it.each([
    ['another server', () => `${second.url}/v2/images?marker=1`],
    ['another resource', () => '/v2/tasks?marker=1'],
    ['a malformed URL', () => 'http://['],
  ])('refuses a next page at %s', async (_what, next) => {
    proxy.inject({ answer: { status: 200, body: JSON.stringify({ images: [], next: next() }) } });
    await expect(serviceAt(proxy.url).detail(member)).rejects.toBeInstanceOf(ImageServiceProtocolError);
    expect(second.seen).toEqual([]);
  });

  it('refuses pages that refer to each other in a circle', async () => {
    const body = JSON.stringify({ images: [], next: '/v2/images?marker=1' });
    proxy.inject({ answer: { status: 200, body }, times: Infinity });
    await expect(serviceAt(proxy.url).detail(member)).rejects.toBeInstanceOf(ImageServiceProtocolError);
  });
});

describe('the token of a context', () => {
  it('is in no error, at any depth, and in no log line', async () => {
    const told: unknown[] = [];
    const tell = (...args: unknown[]): void => void told.push(args);
    const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell };
    const service = new GlanceImageService({ ...noauthOptions(proxy.url), timeouts, maxRetries: 1, logger });
    const verbs = (): Promise<unknown>[] => [
      service.show(member, image.id),
      service.detail(member),
      service.download(member, image.id).then(read),
      service.create(member, formats, streamOf(bytesOf(100_000))),
      service.update(member, image.id, { name: 'x' }),
      service.delete(member, randomUUID()),
    ];
    const faults = [
      { cut: 0 },
      { loseAnswer: true },
      { stall: 0 },
      { answer: { status: 401 } },
      { answer: { status: 500 } },
      { answer: { status: 503 } },
      { answer: { status: 200, body: '{' } },
      { cutRequest: 0 },
    ];
    for (const fault of faults) {
      proxy.reset();
      proxy.inject({ ...fault, times: Infinity });
      for (const outcome of await Promise.allSettled(verbs())) told.push(outcome);
    }
    service.close();
    const everything = inspect(told, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
    expect(everything).toContain('GlanceConnectionFailed');
    expect(everything).not.toContain(member.auth_token);
  });
});
