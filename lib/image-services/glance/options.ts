import { z } from 'zod';
import { InvalidInput, type Logger } from '../../../interfaces/index.js';
import { certificates, type FieldsOf, logger, text } from '../../common/index.js';

/** A user's name and password. The fields are those of `clouds.yaml` of OpenStack's clients. */
export interface PasswordAuth {
  readonly type: 'password';
  /** Keystone's URL: `https://keystone.example.org:5000/v3`. */
  readonly auth_url: string;
  readonly user_id?: string;
  readonly username?: string;
  /** The user's domain. Required with `username`. */
  readonly user_domain_id?: string;
  readonly user_domain_name?: string;
  readonly password: string;
  readonly project_id?: string;
  readonly project_name?: string;
  /** The project's domain. Required with `project_name`. */
  readonly project_domain_id?: string;
  readonly project_domain_name?: string;
}

/** An application credential: a revocable secret that is limited to one project. */
export interface ApplicationCredentialAuth {
  readonly type: 'application_credential';
  /** Keystone's URL: `https://keystone.example.org:5000/v3`. */
  readonly auth_url: string;
  readonly id: string;
  readonly secret: string;
}

/**
 * Uses the `auth_token` of each call's context, so that the image service itself separates projects. Requires
 * `endpoints`.
 */
export interface ContextTokenAuth {
  readonly type: 'context_token';
}

/**
 * The user of the image service. Except with `context_token`, all calls use this one user and ignore the user of the
 * context.
 */
export type GlanceAuth = PasswordAuth | ApplicationCredentialAuth | ContextTokenAuth;

/** Timeouts in milliseconds. */
export interface GlanceTimeouts {
  /** Each attempt of a call that transfers no image data. Default: 30 s. */
  readonly callMs: number;
  /**
   * Longest silence of the image service while image data flows. Default: 60 s. Glance 25.1 is silent for up to 15
   * minutes when the file in its store is damaged.
   */
  readonly idleMs: number;
  /** From the last byte of an upload to the answer. Default: 15 min, because a proxy may forward the data only then. */
  readonly uploadAnswerMs: number;
  /** How long an image may stay `saving` after a failed upload before it is deleted. Default: 10 s. */
  readonly settleMs: number;
}

/** Options of a {@link GlanceImageService}. */
export interface GlanceImageServiceOptions {
  readonly auth: GlanceAuth;
  /**
   * One or more URLs of the image service, without version; calls alternate between them. Default: the endpoints in
   * Keystone's catalogue.
   */
  readonly endpoints?: string | readonly string[];
  /** Region in the catalogue. Required if the catalogue has image services in several regions. */
  readonly region_name?: string;
  /** Kind of endpoint in the catalogue. Default: `public`. */
  readonly interface?: 'public' | 'internal' | 'admin';
  /** Certificates of the authorities to trust: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /**
   * Accepts any server certificate: an attacker on the network path can then read tokens and change images. Default:
   * false.
   */
  readonly insecureSkipTlsVerify?: boolean;
  /** Receives messages about retries, resumed downloads and images that could not be removed. */
  readonly logger?: Logger;
  readonly timeouts?: Partial<GlanceTimeouts>;
  /** Maximum number of retries of a repeatable call. Default: 3. */
  readonly maxRetries?: number;
  /** Maximum number of resumes of an interrupted download. Default: 5. */
  readonly maxResumes?: number;
}

const second = 1000;
const minute = 60 * second;
const duration = z.int().min(1).max(2147483647);

const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => new URL(url).username === '' && new URL(url).password === '',
    'must not hold a user or a password',
  )
  .refine((url) => new URL(url).search === '' && new URL(url).hash === '', 'must not hold a query');

const passwordAuth = z
  .strictObject({
    type: z.literal('password'),
    auth_url: httpUrl,
    user_id: text.optional(),
    username: text.optional(),
    user_domain_id: text.optional(),
    user_domain_name: text.optional(),
    password: text,
    project_id: text.optional(),
    project_name: text.optional(),
    project_domain_id: text.optional(),
    project_domain_name: text.optional(),
  } satisfies FieldsOf<PasswordAuth>)
  .refine((auth) => auth.user_id ?? auth.username, 'user_id or username is needed')
  .refine(
    (auth) => auth.user_id ?? auth.user_domain_id ?? auth.user_domain_name,
    'username needs a user_domain_id or _name',
  )
  .refine((auth) => auth.project_id ?? auth.project_name, 'project_id or project_name is needed')
  .refine(
    (auth) => auth.project_id ?? auth.project_domain_id ?? auth.project_domain_name,
    'project_name needs a project_domain_id or _name',
  );

const optionsSchema = z
  .strictObject({
    auth: z.discriminatedUnion('type', [
      passwordAuth,
      z.strictObject({
        type: z.literal('application_credential'),
        auth_url: httpUrl,
        id: text,
        secret: text,
      } satisfies FieldsOf<ApplicationCredentialAuth>),
      z.strictObject({ type: z.literal('context_token') }),
    ]),
    endpoints: z
      .union([httpUrl.transform((url) => [url]), z.array(httpUrl).min(1)])
      .transform((urls) => urls.map(withoutVersion))
      .optional(),
    region_name: text.optional(),
    interface: z.enum(['public', 'internal', 'admin']).default('public'),
    ca: certificates.optional(),
    insecureSkipTlsVerify: z.boolean().default(false),
    logger: logger.optional(),
    timeouts: z
      .strictObject({
        callMs: duration.default(30 * second),
        idleMs: duration.default(minute),
        uploadAnswerMs: duration.default(15 * minute),
        settleMs: duration.default(10 * second),
      } satisfies FieldsOf<Partial<GlanceTimeouts>>)
      .prefault({}),
    maxRetries: z.int().min(0).max(100).default(3),
    maxResumes: z.int().min(0).max(1000).default(5),
  } satisfies FieldsOf<GlanceImageServiceOptions>)
  .refine(
    ({ auth, endpoints }) => auth.type !== 'context_token' || endpoints,
    'context_token needs endpoints',
  );

/** The validated options with their defaults, without the logger. */
export type Settings = z.output<typeof optionsSchema>;

/** Credentials to get a token from Keystone. */
export type KeystoneAuth = Exclude<Settings['auth'], ContextTokenAuth>;

/**
 * Validates the options.
 *
 * @throws InvalidInput naming each invalid option, but not its value, which may be secret.
 */
export function settingsOf(options: GlanceImageServiceOptions): Settings {
  const checked = optionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new InvalidInput(`The GlanceImageService cannot be set up: ${z.prettifyError(checked.error)}`);
}

/** Removes the version that some catalogues append to an endpoint. */
export function withoutVersion(url: string): string {
  return url
    .replace(/\/+$/, '')
    .replace(/\/v2(\.\d+)?$/, '')
    .replace(/\/+$/, '');
}
