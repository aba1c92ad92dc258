import type { RequestContext } from '../../../interfaces/index.js';
import type { GlanceImageServiceOptions, PasswordAuth } from '../../../lib/image-services/index.js';

/** A variable of the environment that `npm test` sets up. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: these tests need a Glance`);
  return value;
}

const [, memberProject = ''] = setting('GLANCE_MEMBER_TOKEN').split(':');
const [, otherProject = ''] = setting('GLANCE_OTHER_TOKEN').split(':');
const [, adminProject = ''] = setting('GLANCE_ADMIN_TOKEN').split(':');

/** A Glance without Keystone: tokens are `user:project:role`. */
export const noauth = {
  endpoint: setting('GLANCE_NOAUTH_ENDPOINT'),
  member: { project_id: memberProject, auth_token: setting('GLANCE_MEMBER_TOKEN') },
  other: { project_id: otherProject, auth_token: setting('GLANCE_OTHER_TOKEN') },
  admin: { project_id: adminProject, auth_token: setting('GLANCE_ADMIN_TOKEN'), is_admin: true },
} as const;

/** Options for the Glance without Keystone. */
export const noauthOptions = (endpoints: string | string[] = noauth.endpoint): GlanceImageServiceOptions => ({
  auth: { type: 'context_token' },
  endpoints,
});

/** A Glance with Keystone. */
export const keystone = {
  endpoint: setting('GLANCE_KEYSTONE_ENDPOINT'),
  auth_url: setting('OS_AUTH_URL'),
  region_name: setting('OS_REGION_NAME'),
  demo_project_id: setting('DEMO_PROJECT_ID'),
  other_project_id: setting('OTHER_PROJECT_ID'),
} as const;

/** The credentials of a user that `npm test` has created. */
export const passwordAuth = (
  user = setting('OS_USERNAME'),
  password = setting('OS_PASSWORD'),
): PasswordAuth => ({
  type: 'password',
  auth_url: keystone.auth_url,
  username: user,
  password,
  project_name: user,
  user_domain_id: setting('OS_USER_DOMAIN_ID'),
  project_domain_id: setting('OS_PROJECT_DOMAIN_ID'),
});

/** A request context with a token from Keystone. */
export async function contextOf(auth: PasswordAuth, project_id: string): Promise<RequestContext> {
  const domain = { id: auth.user_domain_id };
  const user = { name: auth.username, domain, password: auth.password };
  const answer = await fetch(`${auth.auth_url}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: auth.project_name, domain } },
      },
    }),
  });
  await answer.arrayBuffer();
  return { project_id, auth_token: answer.headers.get('x-subject-token') };
}
