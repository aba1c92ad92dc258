import { z } from 'zod';
import {
  InvalidInput,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type Logger,
  type LongRunningOptions,
  type RequestContext,
} from '../../../interfaces/index.js';
import {
  defaultTimeouts,
  Engine,
  engineAddress,
  type EngineOptions,
  type EngineTimeouts,
  type RegistryCredentials,
} from '../../engine/index.js';
import {
  amounts,
  callbackOf,
  certificates,
  count,
  type FieldsOf,
  imageService,
  logger,
  text,
  unchecked,
  usableLogger,
} from '../../common/index.js';
import { guardListener, receivedStream, KeyedMutex, unwrapped } from '../../streams/index.js';
import { defaultImageLimits } from '../../archives/index.js';
import { AbortableImageService } from '../../image-services/index.js';
import {
  followRedirects,
  httpUrl,
  ImageSourceError,
  limited,
  shownUrl,
  WebClient,
} from '../../http/index.js';
import { registerArchive, type ArchiveSource, type SizedContent } from './archive-source.js';
import {
  registerFromDockerfile,
  type DockerfileSource,
  type OwnedDockerfileSource,
} from './dockerfile-source.js';
import type { Registration, SourceEnvironment } from './engine-image.js';
import { registerFromRepository, type RepositorySource } from './repository-source.js';

/** Source of an image. */
export type ImageSource = RepositorySource | DockerfileSource | ArchiveSource;

/** Like {@link ImageSource}, with the driver's own streams. */
type OwnedSource = RepositorySource | OwnedDockerfileSource | ArchiveSource;

/** Options of {@link ImageTemplates}. */
export interface ImageTemplatesOptions {
  /** The engine that pulls and builds, as for a `DockerDriver`. */
  readonly engine?: string | EngineOptions;
  /** Timeouts of the engine in milliseconds, by kind of request. */
  readonly timeouts?: Partial<EngineTimeouts>;
  /** The image service to register images in. */
  readonly imageService: ImageService;
  /** Name of the engine's compute host. The next `init_host` of that host removes what a crash left in the engine. */
  readonly host: string;
  /**
   * Decides which URLs this process may request, including redirects. Default: all. Set it when tenants supply URLs.
   * The function sees host names and literal addresses, not the addresses that a name resolves to. It is not called for
   * the engine's pulls.
   */
  readonly mayFetch?: (url: URL) => boolean | Promise<boolean>;
  /** Maximum size of a file or a build context in bytes. Default: 64 GiB. */
  readonly maxBytes?: number;
  /** Milliseconds without data from a server before a timeout. Default: 60,000. */
  readonly idleTimeoutMs?: number;
  /** Trusted certificate authorities: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /** Receives messages about what could not be removed, and about listeners that throw. */
  readonly logger?: Logger;
}

const minute = 60_000;
/** {@link engineAddress} validates `engine`. */
const plainOptions = z.strictObject({
  engine: unchecked<string | EngineOptions>().optional(),
  timeouts: amounts(defaultTimeouts).optional(),
  mayFetch: callbackOf<NonNullable<ImageTemplatesOptions['mayFetch']>>().optional(),
  ca: certificates.optional(),
  logger: logger.optional(),
  imageService,
  host: text,
  maxBytes: count.default(defaultImageLimits.maxBytes),
  idleTimeoutMs: count.default(minute),
} satisfies FieldsOf<ImageTemplatesOptions>);

const credentials = z.object({ username: text, password: text } satisfies FieldsOf<RegistryCredentials>);
const url = z.union([text, z.instanceof(URL)]);
const source = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('repository'),
    reference: text,
    credentials: credentials.optional(),
  } satisfies FieldsOf<RepositorySource>),
  z.strictObject({
    type: z.literal('dockerfile'),
    context: z.union([
      z.strictObject({ folder: text }),
      z.strictObject({
        archive: z.custom<AsyncIterable<Uint8Array>>((value) => typeof value === 'object' && value !== null),
      }),
      z.strictObject({ url }),
    ]),
    dockerfile: text.optional(),
    buildArgs: z.record(z.string(), z.string()).optional(),
    target: text.optional(),
    credentials: z.record(z.string(), credentials).optional(),
    onOutput: callbackOf<NonNullable<DockerfileSource['onOutput']>>().optional(),
  } satisfies FieldsOf<DockerfileSource>),
  z.strictObject({
    type: z.literal('archive'),
    from: z.union([z.strictObject({ path: text }), z.strictObject({ url })]),
    digest: text.optional(),
  } satisfies FieldsOf<ArchiveSource>),
]);

/** Registers images in the image service from a repository, a Dockerfile or a file. */
export class ImageTemplates {
  readonly #environment: SourceEnvironment;
  readonly #web: WebClient;
  readonly #pulls = new KeyedMutex();

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: ImageTemplatesOptions) {
    const checked = plainOptions.safeParse(options);
    if (!checked.success)
      throw new InvalidInput(`ImageTemplates cannot be set up: ${z.prettifyError(checked.error)}`, {
        cause: checked.error,
      });
    const { maxBytes, idleTimeoutMs } = checked.data;
    const { engine, timeouts = {}, imageService, host, ca, mayFetch } = options;
    const logger = usableLogger(options.logger);
    this.#environment = {
      imageService: new AbortableImageService(imageService),
      ...{ host, logger, maxBytes },
      engine: new Engine(engineAddress(engine), { logger, timeouts }),
    };
    this.#web = new WebClient({ ca, idle: idleTimeoutMs, mayFetch });
  }

  /**
   * Registers an image. Streams it from the source to the image service and stores nothing in between. On failure the
   * image service and the engine hold the same images as before.
   *
   * @param from - a stream in it is taken over and always destroyed, unless the source is malformed.
   * @param metadata - further metadata; may override the defaults `container_format` `docker` and `disk_format` `raw`.
   * @param options - `onProgress` reports the phases `pulling` by layer, `building` by step, and `uploading`.
   * @returns the image's record.
   * @throws InvalidInput when an argument is invalid.
   * @throws ImageSourceError when a server, a registry or the engine refuses, or a build fails.
   * @throws ImageUnacceptable when the image does not match its digest.
   * @throws EngineUnreachable when the engine cannot be reached.
   * @throws DeadlineExceeded when the engine or a server exceeds its timeout.
   * @throws the image service's error, or the signal's reason when the signal aborts.
   */
  async register(
    context: RequestContext,
    from: ImageSource,
    metadata: ImageMetadata = {},
    { signal, onProgress }: LongRunningOptions = {},
  ): Promise<ImageRecord> {
    const formats = { container_format: 'docker', disk_format: 'raw' };
    const registration: Registration = {
      ...{ context, signal, onProgress: guardListener(onProgress, this.#environment.logger) },
      metadata: { ...formats, ...metadata },
    };
    validateSource(from);
    const owned = ownedSource(from);
    try {
      return await unwrapped(signal, async () => {
        signal?.throwIfAborted();
        return await this.#register(registration, owned);
      });
    } finally {
      if (owned.type === 'dockerfile' && 'archive' in owned.context) owned.context.archive.destroy();
    }
  }

  /** Closes all connections. Running registrations fail. */
  close(): void {
    this.#environment.engine.close();
    this.#web.close();
  }

  #register(registration: Registration, from: OwnedSource): Promise<ImageRecord> {
    const fetch = (address: string | URL): Promise<SizedContent> => this.#fetch(address, registration.signal);
    switch (from.type) {
      case 'repository':
        return registerFromRepository(this.#environment, registration, from, this.#pulls);
      case 'dockerfile':
        return registerFromDockerfile(
          this.#environment,
          registration,
          from,
          async (url) => (await fetch(url)).content,
        );
      case 'archive':
        return registerArchive(this.#environment, registration, from, fetch);
    }
  }

  async #fetch(address: string | URL, signal: AbortSignal | undefined): Promise<SizedContent> {
    const request = { method: 'GET', url: httpUrl(address), signal } as const;
    const answer = await followRedirects(this.#web, request);
    const { body, status } = answer;
    const shown = shownUrl(answer.url);
    const { maxBytes } = this.#environment;
    const announced = Number(answer.header('content-length') ?? 0);
    if (status !== 200 || announced > maxBytes) {
      body.destroy();
      if (status !== 200) throw new ImageSourceError(`GET ${shown}: status ${status}`, { status });
      throw new ImageSourceError(`${shown} has ${announced} bytes: ${maxBytes} are allowed`);
    }
    return {
      content: limited(body, { what: shown, maxBytes, idle: this.#web.idle, signal }),
      size: announced > 0 ? announced : undefined,
    };
  }
}

/** @throws InvalidInput when the archive of a build context is not a stream of bytes. */
function ownedSource(from: ImageSource): OwnedSource {
  if (from.type !== 'dockerfile') return from;
  const { context } = from;
  if (!('archive' in context)) return { ...from, context };
  const archive = receivedStream("The archive of a build's context", context.archive);
  return { ...from, context: { archive } };
}

function validateSource(from: ImageSource): void {
  const checked = source.safeParse(from);
  // Omit zod's error as the cause: it may hold the input, and so a password.
  if (!checked.success)
    throw new InvalidInput(`The source of an image cannot be used: ${z.prettifyError(checked.error)}`);
}
