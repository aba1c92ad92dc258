import { describe, expect, it } from '@jest/globals';
import { InvalidInput } from '../../../../interfaces/index.js';
import { GlanceImageService, type GlanceImageServiceOptions } from '../../../../lib/image-services/index.js';

const password = {
  type: 'password',
  auth_url: 'http://127.0.0.1:5000/v3',
  username: 'nova',
  user_domain_id: 'default',
  password: 'the-secret',
  project_name: 'service',
  project_domain_id: 'default',
} as const;
const endpoints = 'http://127.0.0.1:9292';

const failureOf = (options: GlanceImageServiceOptions): unknown => {
  try {
    return new GlanceImageService(options);
  } catch (error) {
    return error;
  }
};

describe('the options of a GlanceImageService', () => {
  it.each<[string, GlanceImageServiceOptions]>([
    ['no endpoints for the tokens of contexts', { auth: { type: 'context_token' } }],
    ['an endpoint that is no address', { auth: password, endpoints: 'glance:9292' }],
    ['an endpoint that is not HTTP', { auth: password, endpoints: 'ftp://127.0.0.1' }],
    ['an endpoint with a password', { auth: password, endpoints: 'http://nova:the-secret@127.0.0.1' }],
    ['no endpoint in a list', { auth: password, endpoints: [] }],
    ['no domain for a user name', { auth: { ...password, user_domain_id: '' } }],
    ['no password', { auth: { ...password, password: '' } }],
    ['a time that is none', { auth: password, timeouts: { idleMs: 0 } }],
    ['a number of attempts that is none', { auth: password, maxRetries: -1 }],
  ])('are refused, and no secret is told, when they have %s', (_what, options) => {
    const failure = failureOf(options);
    expect(failure).toBeInstanceOf(InvalidInput);
    expect(failure).toMatchObject({ message: expect.not.stringContaining('the-secret') });
  });

  it.each<[string, GlanceImageServiceOptions]>([
    ['one endpoint', { auth: { type: 'context_token' }, endpoints }],
    ['several endpoints', { auth: password, endpoints: [endpoints, `${endpoints}/v2/`] }],
    [
      'ids in place of names',
      {
        auth: { type: 'password', auth_url: password.auth_url, user_id: 'u', password: 'p', project_id: 'p' },
      },
    ],
  ])('may have %s', (_what, options) => {
    expect(failureOf(options)).toBeInstanceOf(GlanceImageService);
  });
});
