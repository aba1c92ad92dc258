import { pullCredentials, type RegistryCredentials, tokenCredentials } from './credentials.js';
import type { ImageRef, RepositoryName, TagName } from './schemas/identifiers.js';
import { hidingSecrets, secretsOf, throwInBand } from './in-band.js';
import { path } from './request-path.js';
import { distributionInspect, progressLine, type ProgressLine } from './schemas/progress.js';
import type { CallOptions, Session } from './session.js';

/** The registry operations of an engine. */
export class RegistryApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Looks an image up in its registry.
   *
   * @returns the digest of its manifest or manifest list.
   * @throws EngineError when the registry does not have the image, refuses the credentials, or cannot be reached.
   */
  async digest(
    image: ImageRef,
    options: CallOptions & { credentials?: RegistryCredentials | undefined } = {},
  ): Promise<string> {
    const { Descriptor: descriptor } = await this.#session.json(
      {
        method: 'GET',
        path: path`/distribution/${image}/json`,
        headers: pullCredentials(options.credentials),
        timeout: this.#session.timeouts.changeMs,
        signal: options.signal,
      },
      distributionInspect,
    );
    return descriptor.digest;
  }

  /**
   * Pulls an image by its digest. The engine stops a pull when its client disconnects.
   *
   * @param digest - the digest of the manifest. A pull by digest sets no tag, so it cannot move one from another image.
   * @returns the engine's progress lines; the image exists when they end.
   * @throws EngineError, also with `inBand`, when the engine or the registry refuses.
   */
  async *pull(
    repo: RepositoryName,
    digest: string,
    options: CallOptions & { credentials?: RegistryCredentials | undefined } = {},
  ): AsyncGenerator<ProgressLine, void, void> {
    yield* hidingSecrets(this.#pull(repo, digest, options), secretsOf([options.credentials]));
  }

  async *#pull(
    repo: RepositoryName,
    digest: string,
    options: CallOptions & { credentials?: RegistryCredentials | undefined } = {},
  ): AsyncGenerator<ProgressLine, void, void> {
    const request = { method: 'POST', path: path`/images/create` } as const;
    const lines = this.#session.lines(
      {
        ...request,
        query: { fromImage: repo, tag: digest },
        headers: pullCredentials(options.credentials),
        timeout: this.#session.timeouts.imageIdleMs,
        signal: options.signal,
      },
      progressLine,
    );
    for await (const line of lines) {
      throwInBand(request, line);
      yield line;
    }
  }

  /**
   * Pushes an image to the registry that its name begins with. The engine stops a push when its client disconnects.
   *
   * @param token - the registry's bearer token.
   * @returns the engine's progress lines; the registry has the image when they end.
   * @throws EngineError, also with `inBand`, when the engine or the registry refuses.
   */
  async *push(
    repo: RepositoryName,
    tag: TagName,
    options: CallOptions & { token: string },
  ): AsyncGenerator<ProgressLine, void, void> {
    yield* hidingSecrets(this.#push(repo, tag, options), [options.token]);
  }

  async *#push(
    repo: RepositoryName,
    tag: TagName,
    { token, signal }: CallOptions & { token: string },
  ): AsyncGenerator<ProgressLine, void, void> {
    const request = { method: 'POST', path: path`/images/${repo}/push` } as const;
    const lines = this.#session.lines(
      {
        ...request,
        query: { tag },
        headers: tokenCredentials(token),
        timeout: this.#session.timeouts.imageIdleMs,
        signal,
      },
      progressLine,
    );
    for await (const line of lines) {
      throwInBand(request, line);
      yield line;
    }
  }
}
