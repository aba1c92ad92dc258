import { z } from 'zod';
import { InvalidInput, type Logger } from '../../../interfaces/index.js';
import { certificates, logger, text } from '../../common/index.js';

/** A user's name and password. Fields as in `clouds.yaml` of OpenStack's own clients. */
export interface PasswordAuth {
  readonly type: 'password';
  /** Keystone: `https://keystone.example.org:5000/v3`. */
  readonly auth_url: string;
  readonly user_id?: string;
  readonly username?: string;
  /** Of the user, where `username` is given. */
  readonly user_domain_id?: string;
  readonly user_domain_name?: string;
  readonly password: string;
  readonly project_id?: string;
  readonly project_name?: string;
  /** Of the project, where `project_name` is given. */
  readonly project_domain_id?: string;
  readonly project_domain_name?: string;
}

/** An application credential: a secret that can be revoked and that is good for one project. */
export interface ApplicationCredentialAuth {
  readonly type: 'application_credential';
  /** Keystone: `https://keystone.example.org:5000/v3`. */
  readonly auth_url: string;
  readonly id: string;
  readonly secret: string;
}

/**
 * The `auth_token` of the context of each call: then the image service itself keeps projects apart. Needs `endpoints`.
 */
export interface ContextTokenAuth {
  readonly type: 'context_token';
}

/**
 * As whom the image service is asked. With all but `context_token` it is asked as one user, whoever the context names.
 */
export type GlanceAuth = PasswordAuth | ApplicationCredentialAuth | ContextTokenAuth;

/** How long things may take, in milliseconds. */
export interface GlanceTimeouts {
  /** Each attempt at a call that moves no image data; default 30 s. */
  readonly call: number;
  /**
   * The longest silence of the image service while image data flows; default 60 s. Glance 25.1 goes silent for up to 15
   * minutes when the file in its store is damaged.
   */
  readonly idle: number;
  /** From the last byte of an upload to the answer: a proxy may pass everything on only now; default 15 min. */
  readonly uploadAnswer: number;
  /** How long an image may stay `saving` after an upload has failed, before it is deleted; default 10 s. */
  readonly settle: number;
}

/** How a {@link GlanceImageService} is set up. */
export interface GlanceImageServiceOptions {
  readonly auth: GlanceAuth;
  /**
   * Where the image service is, without version; default: where Keystone's catalogue says. Several are used in turn.
   */
  readonly endpoints?: string | readonly string[];
  /** Which region of the catalogue; needed when it has image services in several. */
  readonly region_name?: string;
  /** Which endpoints of the catalogue; default `public`. */
  readonly interface?: 'public' | 'internal' | 'admin';
  /** Certificates of the authorities to trust: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /**
   * Talks to servers whatever certificate they show: anybody between can read tokens and change images. Default false.
   */
  readonly insecure?: boolean;
  /** Told about retries, resumed downloads and images that could not be removed. */
  readonly logger?: Logger;
  readonly timeouts?: Partial<GlanceTimeouts>;
  /** How often a call that may be repeated is, after the first attempt; default 3. */
  readonly retries?: number;
  /** How often a download that broke off is taken up where it was; default 5. */
  readonly resumes?: number;
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
  })
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
      }),
      z.strictObject({ type: z.literal('context_token') }),
    ]),
    endpoints: z
      .union([httpUrl.transform((url) => [url]), z.array(httpUrl).min(1)])
      .transform((urls) => urls.map(withoutVersion))
      .optional(),
    region_name: text.optional(),
    interface: z.enum(['public', 'internal', 'admin']).default('public'),
    ca: certificates.optional(),
    insecure: z.boolean().default(false),
    logger: logger.optional(),
    timeouts: z
      .strictObject({
        call: duration.default(30 * second),
        idle: duration.default(minute),
        uploadAnswer: duration.default(15 * minute),
        settle: duration.default(10 * second),
      })
      .prefault({}),
    retries: z.int().min(0).max(100).default(3),
    resumes: z.int().min(0).max(1000).default(5),
  })
  .refine(
    ({ auth, endpoints }) => auth.type !== 'context_token' || endpoints,
    'context_token needs endpoints',
  );

/** The options, checked and complete, but for the logger. */
export type Settings = z.output<typeof optionsSchema>;

/** Credentials that Keystone gives a token for. */
export type KeystoneAuth = Exclude<Settings['auth'], ContextTokenAuth>;

/** @throws InvalidInput naming each option that cannot be used; none of their values. */
export function settingsOf(options: GlanceImageServiceOptions): Settings {
  const checked = optionsSchema.safeParse(options);
  if (checked.success) return checked.data;
  throw new InvalidInput(`The GlanceImageService cannot be set up: ${z.prettifyError(checked.error)}`);
}

/** An endpoint as it is with or without the version that some catalogues add. */
export function withoutVersion(url: string): string {
  return url
    .replace(/\/+$/, '')
    .replace(/\/v2(\.\d+)?$/, '')
    .replace(/\/+$/, '');
}
