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
    ['context tokens without endpoints', { auth: { type: 'context_token' } }],
    ['an endpoint that is not a URL', { auth: password, endpoints: 'glance:9292' }],
    ['an endpoint that is not HTTP', { auth: password, endpoints: 'ftp://127.0.0.1' }],
    ['an endpoint with a password', { auth: password, endpoints: 'http://nova:the-secret@127.0.0.1' }],
    ['an empty list of endpoints', { auth: password, endpoints: [] }],
    ['a user name without a domain', { auth: { ...password, user_domain_id: '' } }],
    ['an empty password', { auth: { ...password, password: '' } }],
    ['a timeout of 0', { auth: password, timeouts: { idleMs: 0 } }],
    ['a negative number of retries', { auth: password, maxRetries: -1 }],
  ])('are refused, without a secret in the message, when they have %s', (_what, options) => {
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
  ])('are accepted with %s', (_what, options) => {
    expect(failureOf(options)).toBeInstanceOf(GlanceImageService);
  });
});
