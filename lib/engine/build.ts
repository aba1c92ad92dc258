import type { Readable } from 'node:stream';
import { buildCredentials, type RegistryCredentials } from './credentials.js';
import type { RepositoryName, TagName } from './schemas/identifiers.js';
import { hidingSecrets, secretsOf, throwInBand } from './in-band.js';
import { path } from './request-path.js';
import { progressLine, type ProgressLine } from './schemas/progress.js';
import type { CallOptions, Session } from './session.js';

/** How an image is built. */
interface BuildOptions extends CallOptions {
  /** Where the Dockerfile is in the context; default `Dockerfile`. */
  readonly dockerfile?: string | undefined;
  /** Values for the `ARG`s of the Dockerfile. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** The stage that becomes the image; default: the last one. */
  readonly target?: string | undefined;
  /** The name that the image gets. */
  readonly repo: RepositoryName;
  readonly tag: TagName;
  /** Who pulls base images, by registry. */
  readonly credentials?: Readonly<Record<string, RegistryCredentials>> | undefined;
  /** Told the bytes of the context that went to the engine so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** Builds of an engine, with its own (the classic) builder: the other one needs a session of gRPC beside. */
export class BuildApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Builds an image. Base images are pulled in any case: one that the engine has is not for everybody who can name it.
   * Nothing is taken from the engine's cache of earlier builds for the same reason. A builder stops when its client is
   * gone.
   *
   * @param context - a tar stream, plain or compressed; destroyed in any case.
   * @returns what the engine says; the image is there at the end.
   * @throws EngineError with `inBand` when a step fails; whatever the context fails with.
   */
  async *run(context: Readable, options: BuildOptions): AsyncGenerator<ProgressLine, void, void> {
    const { buildArgs = {}, credentials = {} } = options;
    const secrets = [...Object.values(buildArgs), ...secretsOf(Object.values(credentials))];
    yield* hidingSecrets(this.#run(context, options), secrets);
  }

  async *#run(context: Readable, options: BuildOptions): AsyncGenerator<ProgressLine, void, void> {
    const request = { method: 'POST', path: path`/build` } as const;
    const lines = this.#session.lines(
      {
        ...request,
        query: {
          // The engine's default is the same, but the environment of a newer one could say otherwise.
          version: 1,
          dockerfile: options.dockerfile,
          buildargs: options.buildArgs,
          target: options.target,
          t: `${options.repo}:${options.tag}`,
          pull: true,
          nocache: true,
          rm: true,
          forcerm: true,
        },
        headers: buildCredentials(options.credentials),
        upload: { source: context, onBytes: options.onProgress },
        timeout: this.#session.timeouts.build,
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
