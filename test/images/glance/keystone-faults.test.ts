import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { GlanceConnectionFailed, ImageNotAuthorized, InvalidInput } from '../../../interfaces/index.js';
import {
  GlanceImageService,
  ImageServiceProtocolError,
  type GlanceImageServiceOptions,
} from '../../../lib/image-services/index.js';
import { bytesOf, formats, read, streamOf } from '../contract/index.js';
import { keystone, passwordAuth, setting } from './environment.js';
import { FaultyProxy } from './faulty-proxy.js';

const glance = new FaultyProxy(keystone.endpoint);
const identity = new FaultyProxy(new URL(keystone.auth_url).origin);
const services: GlanceImageService[] = [];

beforeAll(() => Promise.all([glance.start(), identity.start()]));
beforeEach(() => {
  glance.reset();
  identity.reset();
});
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});
afterAll(() => Promise.all([glance.stop(), identity.stop()]));

/** A service that reaches Glance and Keystone through the proxies. */
const serviceWith = (options: Partial<GlanceImageServiceOptions> = {}): GlanceImageService => {
  const auth = { ...passwordAuth(), auth_url: `${identity.url}/v3` };
  const service = new GlanceImageService({
    auth,
    endpoints: glance.url,
    maxRetries: 1,
    ...options,
  });
  services.push(service);
  return service;
};
const tokensAsked = (): number => identity.asked('POST', /\/auth\/tokens$/).length;
const tokenShown = (): string => String(glance.seen[0]?.headers['x-auth-token']);

describe('GlanceImageService with a service user', () => {
  it.each([
    ['a password', { ...passwordAuth() }],
    [
      'a password, its domain by name, its project by id',
      {
        type: 'password' as const,
        auth_url: keystone.auth_url.replace(/\/v3$/, '/'),
        username: setting('OS_USERNAME'),
        user_domain_name: 'Default',
        password: setting('OS_PASSWORD'),
        project_id: keystone.demo_project_id,
      },
    ],
    [
      'an application credential',
      {
        type: 'application_credential' as const,
        auth_url: keystone.auth_url,
        id: setting('OS_APPLICATION_CREDENTIAL_ID'),
        secret: setting('OS_APPLICATION_CREDENTIAL_SECRET'),
      },
    ],
  ])('authenticates with %s and finds Glance in the catalogue', async (_what, auth) => {
    const service = new GlanceImageService({ auth, region_name: keystone.region_name });
    services.push(service);
    const bytes = bytesOf(100_000);
    const { id, owner } = await service.create({}, formats, streamOf(bytes));
    expect(owner).toBe(keystone.demo_project_id);
    expect((await read(await service.download({}, id))).equals(bytes)).toBe(true);
    await service.delete({}, id);
  });

  it.each(['internal', 'admin'] as const)('uses the %s endpoint with that interface', async (kind) => {
    const service = new GlanceImageService({ auth: passwordAuth(), interface: kind });
    services.push(service);
    expect(await service.detail({})).toBeInstanceOf(Array);
  });

  it('rejects when the catalogue has no image service in the region', async () => {
    const service = new GlanceImageService({ auth: passwordAuth(), region_name: 'Atlantis' });
    await expect(service.detail({})).rejects.toBeInstanceOf(GlanceConnectionFailed);
  });

  it('rejects with InvalidInput when the catalogue has several regions and none is configured', async () => {
    const endpoint = { interface: 'public', url: keystone.endpoint };
    const endpoints = ['A', 'B'].map((region) => ({ ...endpoint, region, region_id: region }));
    const token = { expires_at: '2100-01-01T00:00:00.000000Z', catalog: [{ type: 'image', endpoints }] };
    const headers = { 'X-Subject-Token': 'token' };
    identity.inject({ answer: { status: 201, headers, body: JSON.stringify({ token }) } });
    const auth = { ...passwordAuth(), auth_url: identity.url };
    await expect(new GlanceImageService({ auth }).detail({})).rejects.toBeInstanceOf(InvalidInput);
  });

  it.each([
    ['password', { ...passwordAuth(), password: 'not-the-password' }],
    [
      'application credential',
      {
        type: 'application_credential' as const,
        auth_url: keystone.auth_url,
        id: setting('OS_APPLICATION_CREDENTIAL_ID'),
        secret: 'not-the-password',
      },
    ],
  ])('rejects a wrong %s, and keeps it out of the error', async (_what, auth) => {
    const failure = await new GlanceImageService({ auth }).detail({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ImageNotAuthorized);
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain('not-the-password');
  });
});

describe('the token of the service user', () => {
  it('is requested once for concurrent calls, and cached', async () => {
    const service = serviceWith();
    await Promise.all([1, 2, 3, 4].map(() => service.detail({})));
    await service.detail({});
    expect(tokensAsked()).toBe(1);
  });

  it('is renewed once for concurrent calls when Glance rejects it', async () => {
    const service = serviceWith();
    await service.detail({});
    glance.inject({ token: tokenShown(), answer: { status: 401 }, times: Infinity });
    await Promise.all([1, 2, 3].map(() => service.detail({})));
    expect(tokensAsked()).toBe(2);
  });

  it('is renewed only once when Glance rejects every token', async () => {
    glance.inject({ answer: { status: 401 }, times: Infinity });
    await expect(serviceWith().detail({})).rejects.toBeInstanceOf(ImageNotAuthorized);
    expect(tokensAsked()).toBe(2);
  });

  it('is renewed before it expires', async () => {
    const soon = new Date(Date.now() + 30_000).toISOString();
    const expiring = (content: Buffer): Buffer =>
      Buffer.from(content.toString().replace(/"expires_at": ?"[^"]*"/, `"expires_at": "${soon}"`));
    identity.inject({ tamper: expiring });
    const service = serviceWith();
    await service.detail({});
    await service.detail({});
    await service.detail({});
    expect(tokensAsked()).toBe(2);
  });

  it('is renewed to resume a download', async () => {
    const service = serviceWith();
    const bytes = bytesOf(2_000_000);
    const { id } = await service.create({}, formats, streamOf(bytes));
    glance.inject({ url: /file$/, cut: 500_000 });
    glance.inject({ url: /file$/, answer: { status: 401 } });
    expect((await read(await service.download({}, id))).equals(bytes)).toBe(true);
    await service.delete({}, id);
  });

  it('is no longer waited for when the signal aborts', async () => {
    identity.inject({ stall: 0, times: Infinity });
    const abort = new AbortController();
    const outcome = serviceWith().detail({}, { signal: abort.signal });
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });

  it('is requested again when the connection to Keystone breaks', async () => {
    identity.inject({ cut: 0 });
    expect(await serviceWith().detail({})).toBeInstanceOf(Array);
  });

  it('makes calls fail, without the password in the error, when Keystone is unreachable', async () => {
    const auth = { ...passwordAuth(), auth_url: 'http://127.0.0.1:1/v3' };
    const failure = await serviceWith({ auth })
      .detail({})
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GlanceConnectionFailed);
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(auth.password);
  });

  it.each(['{', '{"token": {}}'])(
    'makes calls fail when Keystone returns the malformed body %s',
    async (body) => {
      identity.inject({ answer: { status: 201, headers: { 'X-Subject-Token': 'x' }, body } });
      await expect(serviceWith().detail({})).rejects.toBeInstanceOf(ImageServiceProtocolError);
    },
  );

  it('and the password are in no error and no log line', async () => {
    const told: unknown[] = [];
    const tell = (...args: unknown[]): void => void told.push(args);
    const service = serviceWith({ logger: { debug: tell, info: tell, warn: tell, error: tell } });
    await service.detail({});
    const token = tokenShown();
    for (const fault of [{ cut: 0 }, { answer: { status: 401 } }, { answer: { status: 500 } }]) {
      glance.reset();
      glance.inject({ ...fault, times: Infinity });
      identity.inject({ ...fault, times: 2 });
      told.push(
        await Promise.allSettled([service.detail({}), service.create({}, formats, streamOf(bytesOf(10)))]),
      );
    }
    const everything = inspect(told, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
    expect(token.length).toBeGreaterThan(20);
    expect(everything).toContain('GlanceConnectionFailed');
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(setting('OS_PASSWORD'));
  });
});
