import type { Readable } from 'node:stream';
import { buildCredentials, type RegistryCredentials } from './credentials.js';
import type { RepositoryName, TagName } from './schemas/identifiers.js';
import { hidingSecrets, secretsOf, throwInBand } from './in-band.js';
import { path } from './request-path.js';
import { progressLine, type ProgressLine } from './schemas/progress.js';
import type { CallOptions, Session } from './session.js';

/** Options of a build. */
interface BuildOptions extends CallOptions {
  /** The path of the Dockerfile in the context; default `Dockerfile`. */
  readonly dockerfile?: string | undefined;
  /** Values of the Dockerfile's `ARG`s. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** The target stage; default: the last one. */
  readonly target?: string | undefined;
  /** The name of the built image. */
  readonly repo: RepositoryName;
  readonly tag: TagName;
  /** Credentials for base images, by registry. */
  readonly credentials?: Readonly<Record<string, RegistryCredentials>> | undefined;
  /** Receives the number of context bytes sent so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** The `/build` API of an engine, with the classic builder: BuildKit would need a gRPC session. */
export class BuildApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Builds an image. Base images are always pulled: the engine may have a copy that this caller is not allowed to read.
   * The build cache is disabled for the same reason. The engine stops a build when its client disconnects.
   *
   * @param context - a tar stream, plain or compressed; destroyed in any case.
   * @returns the engine's progress lines; the image exists when they end.
   * @throws EngineError with `inBand` when a step fails; the context's own error.
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
          // The classic builder is the default, but a newer engine's environment may change that.
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
        timeout: this.#session.timeouts.buildIdleMs,
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
