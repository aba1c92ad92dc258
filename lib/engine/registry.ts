import { pullCredentials, type RegistryCredentials } from './credentials.js';
import type { ImageRef, RepositoryName } from './schemas/identifiers.js';
import { hidingSecrets, secretsOf, throwInBand } from './in-band.js';
import { path } from './request-path.js';
import { distributionInspect, progressLine, type ProgressLine } from './schemas/progress.js';
import type { CallOptions, Session } from './session.js';

/** What an engine can do with the registries that it reaches. */
export class RegistryApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Looks an image up in its registry.
   *
   * @returns the digest of its manifest, or of its list of manifests.
   * @throws EngineError when the registry has no such image, or not for these credentials, or is not reached.
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
        timeout: this.#session.timeouts.change,
        signal: options.signal,
      },
      distributionInspect,
    );
    return descriptor.digest;
  }

  /**
   * Pulls an image by its digest. An engine pulls no more when its client is gone.
   *
   * @param digest - that of its manifest: the image gets no tag, so none is taken from another.
   * @returns how it gets on; the image is there at the end.
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
        timeout: this.#session.timeouts.image,
        signal: options.signal,
      },
      progressLine,
    );
    for await (const line of lines) {
      throwInBand(request, line);
      yield line;
    }
  }
}
