import { z } from 'zod';
import { InvalidInput, type RequestContext } from '../../../interfaces/index.js';
import { certificates, count, type FieldsOf, text } from '../../common/index.js';
import { KeystoneLogin } from '../../image-services/index.js';
import type { RegistryAccounts } from './accounts.js';

/** Options of {@link KeystoneAccounts}. */
export interface KeystoneAccountsOptions {
  /** Keystone's URL: `https://keystone.example.org:5000/v3`. */
  readonly auth_url: string;
  /** The domain of users. Default: `Default`. */
  readonly user_domain_name?: string;
  /** The project of a username without one. Default: the user's own default project in Keystone. */
  readonly project_name?: string;
  /** The domain of projects. Default: `Default`. */
  readonly project_domain_name?: string;
  /** Certificates of the authorities to trust: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /** The deadline for Keystone's answer in milliseconds. Default: 30 s. */
  readonly timeoutMs?: number;
}

const optionsSchema = z.strictObject({
  auth_url: z.url({ protocol: /^https?$/ }),
  user_domain_name: text.default('Default'),
  project_name: text.optional(),
  project_domain_name: text.default('Default'),
  ca: certificates.optional(),
  timeoutMs: count.default(30_000),
} satisfies FieldsOf<KeystoneAccountsOptions>);

/** A username with this prefix is the id of an application credential; the password is its secret. */
const credentialPrefix = 'application-credential/';

/**
 * The users of Keystone. A username is `user`, `project/user`, or `application-credential/ID`. The image service gets
 * the user's token, so use a {@link GlanceImageService} with `context_token`: then Glance itself decides what the user may
 * read.
 */
export class KeystoneAccounts implements RegistryAccounts {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #keystone: KeystoneLogin;

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: KeystoneAccountsOptions) {
    const checked = optionsSchema.safeParse(options);
    if (!checked.success)
      throw new InvalidInput(`KeystoneAccounts cannot be set up: ${z.prettifyError(checked.error)}`);
    this.#options = checked.data;
    this.#keystone = new KeystoneLogin(checked.data);
  }

  async authenticate(
    username: string,
    password: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RequestContext> {
    const { auth_url, user_domain_name, project_domain_name } = this.#options;
    if (username.startsWith(credentialPrefix)) {
      const id = username.slice(credentialPrefix.length);
      return this.#keystone.login({ type: 'application_credential', auth_url, id, secret: password }, signal);
    }
    const slash = username.lastIndexOf('/');
    const project_name = slash < 0 ? this.#options.project_name : username.slice(0, slash);
    const user = { username: username.slice(slash + 1), user_domain_name, password };
    const project = project_name === undefined ? {} : { project_name, project_domain_name };
    return this.#keystone.login({ type: 'password', auth_url, ...user, ...project }, signal);
  }

  /** Closes all connections to Keystone. */
  close(): void {
    this.#keystone.close();
  }
}
