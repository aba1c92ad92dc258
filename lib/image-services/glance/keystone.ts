import { z } from 'zod';
import { GlanceConnectionFailed, ImageNotAuthorized, InvalidInput } from '../../../interfaces/index.js';
import { withDeadline } from '../../streams/index.js';
import { ImageServiceError, ImageServiceProtocolError } from './exceptions.js';
import { readContent, type HttpTransport } from './http-transport.js';
import { parseServiceJson } from './json.js';
import { withoutVersion, type KeystoneAuth, type Settings } from './options.js';
import { wordsOf } from './service-words.js';

/** A token and the endpoints to use it with. */
export interface Session {
  readonly token: string;
  /** Endpoints of the image service, without version. */
  readonly endpoints: readonly string[];
}

/** A session with an expiry time. */
export interface TimedSession extends Session {
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const tokenSchema = z.object({
  token: z.object({
    expires_at: z.iso.datetime({ offset: true }),
    user: z.object({ id: z.string(), name: z.string() }).optional(),
    /** Missing for a user without a project. */
    project: z.object({ id: z.string(), name: z.string() }).optional(),
    roles: z.array(z.object({ name: z.string() })).default([]),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              url: z.string(),
              region_id: z.string().nullish(),
              region: z.string().nullish(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});

/** A token of Keystone, and what it stands for. */
type IssuedToken = z.output<typeof tokenSchema>['token'] & { readonly token: string };
type Catalogue = IssuedToken['catalog'];

const request = { method: 'POST', path: '/v3/auth/tokens' };

/**
 * Requests a token and the image service's endpoints from Keystone.
 *
 * @throws GlanceConnectionFailed when the catalogue has no image service.
 * @throws InvalidInput when the catalogue has image services in several regions and `region_name` is not set.
 * @throws the errors of {@link requestToken}.
 */
export async function authenticate(
  transport: HttpTransport,
  auth: KeystoneAuth,
  settings: Settings,
): Promise<TimedSession> {
  const { token, expires_at, catalog } = await requestToken(transport, auth, settings.timeouts.callMs);
  return {
    token,
    expires: Date.parse(expires_at),
    endpoints: settings.endpoints ?? find(catalog, settings),
  };
}

/**
 * Requests a token from Keystone (Identity API v3). Without a project in `auth`, Keystone takes the user's default
 * project.
 *
 * @param timeoutMs - the deadline for the answer.
 * @throws ImageNotAuthorized when Keystone refuses the credentials.
 * @throws ConnectionBroken when the connection fails.
 * @throws DeadlineExceeded when Keystone does not answer in time.
 * @throws ImageServiceError for other error answers.
 */
export async function requestToken(
  transport: HttpTransport,
  auth: KeystoneAuth,
  timeoutMs: number,
  parent?: AbortSignal,
): Promise<IssuedToken> {
  return withDeadline('Keystone', timeoutMs, parent, async (signal) => {
    const answer = await transport.send({
      method: request.method,
      url: `${auth.auth_url.replace(/\/+$/, '').replace(/\/v3$/, '')}${request.path}`,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
      body: Buffer.from(JSON.stringify(credentialsOf(auth))),
      signal,
    });
    const content = await readContent(answer, signal);
    if (answer.status !== 201) throw refusal(answer.status, content);
    const token = answer.header('x-subject-token');
    if (token === undefined) throw new ImageServiceProtocolError('Keystone answered without a token');
    return { ...parseServiceJson(content, tokenSchema, "Keystone's token").token, token };
  });
}

function refusal(status: number, content: Buffer): Error {
  const cause = new ImageServiceError(request, status, wordsOf(content));
  // Keystone answers 404 when the project or the user does not exist, or the caller may not see it.
  if (status !== 401 && status !== 403 && status !== 404) return cause;
  return new ImageNotAuthorized('Keystone refuses the credentials.', { cause });
}

/** Encodes the credentials for Identity API v3. */
function credentialsOf(auth: KeystoneAuth): object {
  if (auth.type === 'application_credential') {
    const { id, secret } = auth;
    return { auth: { identity: { methods: [auth.type], [auth.type]: { id, secret } } } };
  }
  const domain = (id: string | undefined, name: string | undefined): object =>
    id === undefined ? { name } : { id };
  const user =
    auth.user_id === undefined
      ? { name: auth.username, domain: domain(auth.user_domain_id, auth.user_domain_name) }
      : { id: auth.user_id };
  const identity = { methods: ['password'], password: { user: { ...user, password: auth.password } } };
  if (auth.project_id === undefined && auth.project_name === undefined) return { auth: { identity } };
  const project =
    auth.project_id === undefined
      ? { name: auth.project_name, domain: domain(auth.project_domain_id, auth.project_domain_name) }
      : { id: auth.project_id };
  return { auth: { identity, scope: { project } } };
}

/**
 * Returns the image service's endpoints from the catalogue.
 *
 * @throws GlanceConnectionFailed when there are none.
 * @throws InvalidInput when there are endpoints in several regions.
 */
function find(catalogue: Catalogue, settings: Settings): string[] {
  const { interface: wanted, region_name } = settings;
  const found = catalogue
    .filter(({ type }) => type === 'image')
    .flatMap(({ endpoints }) => endpoints)
    .map((endpoint) => ({ ...endpoint, region: endpoint.region_id ?? endpoint.region ?? '' }))
    .filter((endpoint) => endpoint.interface === wanted)
    .filter(({ region }) => region_name === undefined || region === region_name);
  const regions = new Set(found.map(({ region }) => region));
  if (regions.size > 1) {
    throw new InvalidInput(
      `The catalogue has image services in ${[...regions].join(', ')}: say which region_name.`,
    );
  }
  if (found.length === 0) {
    const where = region_name === undefined ? '' : ` in region ${region_name}`;
    throw new GlanceConnectionFailed(
      `Keystone's catalogue has no ${wanted} endpoint of an image service${where}.`,
    );
  }
  return found.map(({ url }) => withoutVersion(url));
}
