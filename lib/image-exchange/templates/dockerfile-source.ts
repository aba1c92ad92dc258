import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { ImageRecord, Logger } from '../../../interfaces/index.js';
import { InvalidInput } from '../../../interfaces/index.js';
import {
  EngineError,
  imageRef,
  isConflict,
  isNotFound,
  mayHaveBeenDone,
  type Engine,
  type ImageRef,
  type ProgressLine,
  type RegistryCredentials,
} from '../../engine/index.js';
import { repository } from '../../common/index.js';
import { pause } from '../../streams/index.js';
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
   * The files of the build: a folder of this machine, whose `.dockerignore` counts; a tar stream (of Node or the web, or
   * another async iterable of bytes), plain or compressed with gzip, zstd or xz, which is taken over; or the address of one, fetched by this process.
   */
  readonly context:
    | { readonly folder: string }
    | { readonly archive: AsyncIterable<Uint8Array> }
    | { readonly url: string | URL };
  /** Where the Dockerfile is in the context; default `Dockerfile`. */
  readonly dockerfile?: string;
  /** Values for the `ARG`s of the Dockerfile. The image's history tells them to whoever has the image. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** The stage that becomes the image; default: the last one. */
  readonly target?: string;
  /** Who pulls base images, by registry (`registry.example:5000`; Docker Hub is `https://index.docker.io/v1/`). */
  readonly credentials?: Readonly<Record<string, RegistryCredentials>>;
  /** Told what the build prints, as it comes. It must not throw. */
  readonly onOutput?: (text: string) => void;
}

/** The same with an archive that is a stream of ours: destroying it closes what the caller gave. */
export interface OwnedDockerfileSource extends Omit<DockerfileSource, 'context'> {
  readonly context:
    Exclude<DockerfileSource['context'], { readonly archive: unknown }> | { readonly archive: Readable };
}

/**
 * Has the engine build an image, registers it, and removes it from the engine with all that the build has left, but for
 * base images: they have names of their own.
 *
 * @param fetch - gets the context from an address.
 * @returns the image's record.
 * @throws InvalidInput when the context cannot be used; ImageSourceError when the build fails; what the image service
 * fails with; the signal's reason when that aborts.
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
      const { dockerfile, buildArgs, target, credentials, onOutput } = source;
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
      mayAppear = mayHaveBeenDone(cause);
      if (!(cause instanceof EngineError)) throw cause;
      throw new ImageSourceError(`The build failed: ${cause.engineMessage}`, { cause });
    } finally {
      context.destroy();
    }
    traces.mustBeHarmless();
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

/** How often a removal is tried, and the milliseconds between. */
const mostTries = 50;
const betweenTries = 200;

/** What a build leaves in the engine beside the image: an image for each step, and base images. */
class BuildTraces {
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #steps = new Set<ImageRef>();
  /** Names of ours that base images have taken. */
  readonly #taken = new Set<ImageRef>();

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  note({ stream, status }: ProgressLine): void {
    const step = /^ ---> ([0-9a-f]{12})\n$/.exec(stream ?? '')?.[1];
    if (step !== undefined) this.#steps.add(imageRef(step));
    // A program in the build can print the line above, whose image is looked at before it is removed; it cannot write a
    // status.
    const base = /^Status: Downloaded newer image for (\S+)$/.exec(status ?? '')?.[1];
    const name = base?.replace(/^(?:(?:index\.)?docker\.io\/)/, '');
    const isOurs = Object.values(repository).some(
      (own) => name === own || name?.startsWith(`${own}:`) === true,
    );
    if (name !== undefined && isOurs) this.#taken.add(imageRef(name));
  }

  /**
   * @throws ImageSourceError when the build has used images of a registry that call themselves as the driver calls its
   * own.
   */
  mustBeHarmless(): void {
    const [name] = this.#taken;
    if (name !== undefined)
      throw new ImageSourceError(`The build uses ${name} of Docker Hub, a name that is the driver's own`);
  }

  /** The last ones first: an image stays for as long as others are made from it. */
  async remove(): Promise<void> {
    // An image that instances boot from is loaded anew when it is missing; one that somebody else has made must never
    // be there under its name.
    for (const name of this.#taken) await this.#remove(name);
    for (const id of [...this.#steps].reverse()) if (await this.#isNameless(id)) await this.#remove(id);
  }

  /** Base images have names; so has whatever a build merely prints the id of, or a container runs. */
  async #isNameless(id: ImageRef): Promise<boolean> {
    try {
      const { RepoTags: tags, RepoDigests: digests } = await this.#engine.images.inspect(id);
      return tags.length === 0 && digests.length === 0;
    } catch (error) {
      if (!isNotFound(error)) this.#logger.warn('a step of a build could not be looked at', { id, error });
      return false;
    }
  }

  /**
   * A builder whose client is gone takes a moment to remove the container of the step that it was at, which holds the
   * image of the step before.
   */
  async #remove(name: ImageRef): Promise<void> {
    for (let tries = mostTries; ; tries -= 1) {
      try {
        await this.#engine.images.remove(name, { noprune: true });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || tries === 0) {
          this.#logger.warn('what a build has left could not be removed', { name, error });
          return;
        }
      }
      await pause(betweenTries, undefined);
    }
  }
}
