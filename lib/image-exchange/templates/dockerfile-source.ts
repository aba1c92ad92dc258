import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImageRecord, Logger } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import {
  EngineError,
  imageRef,
  isConflict,
  isNotFound,
  mayHaveSucceeded,
  progressWords,
  type Engine,
  type ImageRef,
  type ProgressLine,
  type RegistryCredentials,
} from '../../engine/index.js';
import { repository } from '../../common/index.js';
import { guardListener, sleep } from '../../streams/index.js';
import { discardImage, temporaryName } from '../../images/index.js';
import { ImageSourceError } from '../../http/index.js';
import { archiveContext } from './archive-context.js';
import { registerFromEngine, type Registration, type SourceEnvironment } from './engine-image.js';
import { folderContext } from './folder-context.js';
import { BuildProgress } from './build-progress.js';

/** An image that the engine builds from a Dockerfile. */
export interface DockerfileSource {
  readonly type: 'dockerfile';
  /**
   * The build context: a folder on this machine, with its `.dockerignore`; a tar stream, plain or compressed with gzip,
   * zstd, xz or bzip2; or the URL of such an archive, which this process fetches. The stream may be a Node stream, a
   * web stream or an async iterable of bytes; the driver takes it over and destroys it.
   */
  readonly context:
    | { readonly folder: string }
    | { readonly archive: AsyncIterable<Uint8Array> }
    | { readonly url: string | URL };
  /** Path of the Dockerfile in the context. Default: `Dockerfile`. */
  readonly dockerfile?: string;
  /** Values for `ARG` instructions. The image's history discloses them to everyone who can read the image. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Build stage that becomes the image. Default: the last one. */
  readonly target?: string;
  /**
   * Credentials for base images, by registry (`registry.example:5000`; Docker Hub is `https://index.docker.io/v1/`).
   */
  readonly credentials?: Readonly<Record<string, RegistryCredentials>>;
  /** Receives the build's output as it arrives. An error of the listener is logged. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Like {@link DockerfileSource}, but an archive is a stream of the driver. Destroying it closes the caller's stream.
 */
export interface OwnedDockerfileSource extends Omit<DockerfileSource, 'context'> {
  readonly context:
    Exclude<DockerfileSource['context'], { readonly archive: unknown }> | { readonly archive: Readable };
}

/**
 * Has the engine build an image, registers it, and removes everything that the build left in the engine except base
 * images, which have their own names.
 *
 * @param fetch - fetches the context from a URL.
 * @returns the image's record.
 * @throws InvalidInput when the context is invalid.
 * @throws ImageSourceError when the build fails.
 * @throws the image service's error, or the signal's reason when the signal aborts.
 */
export async function registerFromDockerfile(
  environment: SourceEnvironment,
  registration: Registration,
  source: OwnedDockerfileSource,
  fetch: (url: string | URL) => Promise<Readable>,
): Promise<ImageRecord> {
  const { engine, host, logger } = environment;
  const temporary = temporaryName(repository.snapshot, host);
  const traces = new BuildTraces(engine, logger);
  let mayAppear = false;
  try {
    const context = await contextOf(environment, registration, source, fetch);
    const { signal, onProgress } = registration;
    const progress = new BuildProgress(onProgress);
    try {
      const { dockerfile, buildArgs, target, credentials } = source;
      const onOutput = guardListener(source.onOutput, logger, 'onOutput');
      const lines = engine.build.run(context, {
        ...{ dockerfile, buildArgs, target, credentials, signal },
        ...{ repo: temporary.repo, tag: temporary.tag },
        onProgress: (bytes) => progress.sent(bytes),
      });
      for await (const line of lines) {
        traces.note(line);
        progress.line(line);
        if (line.stream !== undefined) onOutput?.(line.stream);
      }
      progress.end();
    } catch (cause) {
      mayAppear = mayHaveSucceeded(cause);
      if (!(cause instanceof EngineError)) throw cause;
      throw new ImageSourceError(`The build failed: ${cause.engineMessage}`, { cause });
    } finally {
      context.destroy();
    }
    traces.validateNoReservedNames();
    return await registerFromEngine(environment, registration, temporary, 'The image that was built');
  } finally {
    await discardImage(engine, temporary, mayAppear, logger);
    await traces.remove();
  }
}

async function contextOf(
  { maxBytes }: SourceEnvironment,
  { signal }: Registration,
  { context, dockerfile = 'Dockerfile' }: OwnedDockerfileSource,
  fetch: (url: string | URL) => Promise<Readable>,
): Promise<Readable> {
  if (posix.isAbsolute(dockerfile) || posix.normalize(dockerfile).split('/')[0] === '..')
    throw new InvalidInput(`${JSON.stringify(dockerfile)} is not in the context of the build`);
  if ('folder' in context) return await folderContext(context.folder, dockerfile, signal);
  const archive = 'archive' in context ? context.archive : await fetch(context.url);
  return archiveContext(archive, maxBytes, signal);
}

/** Maximum number of retries of a removal, and milliseconds between them. */
const maxRetries = 50;
const betweenTriesMs = 200;

/** Images that a build leaves in the engine besides the result: one for each step, and base images. */
class BuildTraces {
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #steps = new Set<ImageRef>();
  /** Names reserved for the driver that base images have taken. */
  readonly #taken = new Set<ImageRef>();

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  note({ stream, status }: ProgressLine): void {
    const step = progressWords.stepImage.exec(stream ?? '')?.[1];
    if (step !== undefined) this.#steps.add(imageRef(step));
    // A program in the build can print the line above, so `remove` inspects that image before the removal. It cannot
    // forge a status.
    const base = progressWords.pulledImage.exec(status ?? '')?.[1];
    const name = base?.replace(/^(?:(?:index\.)?docker\.io\/)/, '');
    const isOurs = Object.values(repository).some(
      (own) => name === own || name?.startsWith(`${own}:`) === true,
    );
    if (name !== undefined && isOurs) this.#taken.add(imageRef(name));
  }

  /** @throws ImageSourceError when the build has pulled a base image under a name that is reserved for the driver. */
  validateNoReservedNames(): void {
    const [name] = this.#taken;
    if (name !== undefined)
      throw new ImageSourceError(
        `The build uses ${name} of Docker Hub, a name that is reserved for the driver`,
      );
  }

  /** Removes the images, last step first: an image cannot be removed while others depend on it. */
  async remove(): Promise<void> {
    // A missing boot image is loaded again. A foreign image under a boot image's name must never stay.
    for (const name of this.#taken) await this.#remove(name);
    for (const id of [...this.#steps].reverse()) if (await this.#isNameless(id)) await this.#remove(id);
  }

  /**
   * Only nameless images are steps. Base images have names, and so do images in use whose id a build merely printed.
   */
  async #isNameless(id: ImageRef): Promise<boolean> {
    try {
      const { RepoTags: tags, RepoDigests: digests } = await this.#engine.images.inspect(id);
      return tags.length === 0 && digests.length === 0;
    } catch (error) {
      if (!isNotFound(error)) this.#logger.warn('could not inspect the image of a build step', { id, error });
      return false;
    }
  }

  /**
   * Removes an image, with retries on a conflict: after a disconnect, the builder needs a moment to remove its current
   * step's container, which uses the previous step's image.
   */
  async #remove(name: ImageRef): Promise<void> {
    for (let tries = maxRetries; ; tries -= 1) {
      try {
        await this.#engine.images.remove(name, { noprune: true });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || tries === 0) {
          this.#logger.warn('could not remove an image that a build left behind', { name, error });
          return;
        }
      }
      await sleep(betweenTriesMs, undefined);
    }
  }
}
