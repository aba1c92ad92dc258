import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ImageNotAuthorized, InvalidInput, type RequestContext } from '../../../interfaces/index.js';
import { text } from '../../common/index.js';

/** Who may use the registry. Implemented by {@link StaticAccounts} and {@link KeystoneAccounts}, or by your own class. */
export interface RegistryAccounts {
  /**
   * Authenticates a person who ran `docker login`.
   *
   * @returns the context with which the registry calls the image service for this person. It must have a `project_id`.
   * @throws ImageNotAuthorized when the username or the password is wrong.
   */
  authenticate(
    username: string,
    password: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<RequestContext>;
}

/** An account of {@link StaticAccounts}. */
export interface StaticAccount {
  readonly username: string;
  readonly password: string;
  /** The context with which the registry calls the image service. */
  readonly context: RequestContext & { readonly project_id: string };
}

const projectContext = z.custom<StaticAccount['context']>(
  (context) =>
    typeof context === 'object' && context !== null && typeof Reflect.get(context, 'project_id') === 'string',
  'must have a project_id',
);

const accountsSchema = z
  .array(
    z.strictObject({
      username: text.refine((name) => !name.includes(':'), 'must not contain a colon'),
      password: text,
      context: projectContext,
    }),
  )
  .refine((accounts) => new Set(accounts.map(({ username }) => username)).size === accounts.length, {
    error: 'must not contain a username twice',
  });

/** A fixed list of accounts, for instance for a {@link DirectoryImageService}. */
export class StaticAccounts implements RegistryAccounts {
  readonly #accounts: ReadonlyMap<string, { readonly hash: Buffer; readonly context: RequestContext }>;

  /** @throws InvalidInput when an account is malformed. The message has no password. */
  constructor(accounts: readonly StaticAccount[]) {
    const checked = accountsSchema.safeParse(accounts);
    if (!checked.success)
      throw new InvalidInput(`The registry's accounts cannot be used: ${z.prettifyError(checked.error)}`);
    this.#accounts = new Map(
      checked.data.map(({ username, password, context }) => [username, { hash: hashOf(password), context }]),
    );
  }

  authenticate(username: string, password: string): Promise<RequestContext> {
    const account = this.#accounts.get(username);
    const isRight = timingSafeEqual(hashOf(password), account?.hash ?? hashOf(''));
    return account !== undefined && isRight
      ? Promise.resolve(account.context)
      : Promise.reject(new ImageNotAuthorized('The username or the password is wrong.'));
  }
}

const hashOf = (password: string): Buffer => createHash('sha256').update(password).digest();
