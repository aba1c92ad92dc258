import { ImageNotAuthorized, type RequestContext } from '../../../interfaces/index.js';
import type { TlsOptions } from '../../http/index.js';
import { HttpTransport } from './http-transport.js';
import { requestToken } from './keystone.js';
import type { KeystoneAuth } from './options.js';

/** Logs in people, each with credentials of their own. */
export class KeystoneLogin {
  readonly #transport: HttpTransport;
  readonly #timeoutMs: number;

  /** @param options - `timeoutMs`: the deadline for Keystone's answer. */
  constructor({ timeoutMs, ...tls }: TlsOptions & { readonly timeoutMs: number }) {
    this.#transport = new HttpTransport(tls, true);
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @returns a context with the user's token.
   * @throws ImageNotAuthorized when Keystone refuses the credentials, or the token has no project.
   * @throws ConnectionBroken, DeadlineExceeded or ImageServiceError when Keystone cannot be asked.
   */
  async login(auth: KeystoneAuth, signal: AbortSignal | undefined): Promise<RequestContext> {
    const { token, user, project, roles } = await requestToken(
      this.#transport,
      auth,
      this.#timeoutMs,
      signal,
    );
    if (project === undefined)
      throw new ImageNotAuthorized(
        `The user ${user?.name ?? ''} has no default project: log in as project/user.`,
      );
    return {
      auth_token: token,
      ...{ user_id: user?.id ?? null, user_name: user?.name ?? null },
      ...{ project_id: project.id, project_name: project.name },
      roles: roles.map(({ name }) => name),
    };
  }

  /** Closes all connections. */
  close(): void {
    this.#transport.close();
  }
}
