import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  ImageNotActive,
  ImageUnacceptable,
  InvalidInput,
  type ImageMetadata,
  type ImageRecord,
  type ImageService,
  type Logger,
  type LongRunningOptions,
  type RequestContext,
} from '../../../interfaces/index.js';
import type { RegistryCredentials } from '../../engine/index.js';
import {
  amounts,
  callbackOf,
  certificates,
  count,
  type FieldsOf,
  imageService,
  logger,
  text,
  usableLogger,
} from '../../common/index.js';
import {
  type Blob,
  blobArchive,
  defaultImageLimits,
  type ImageLimits,
  type ImageManifest,
  layerMediaType,
  manifestTypes,
  ownPlatform,
  type Platform,
  readManifest,
  rewriteArchive,
  validateImageSize,
} from '../../archives/index.js';
import { followingLayers } from '../../progress/index.js';
import { AbortableImageService } from '../../image-services/index.js';
import { guardListener, unwrapped } from '../../streams/index.js';
import { WebClient } from '../../http/index.js';
import { shownRecord } from '../../image-services/index.js';
import { ManifestWatch } from './kept-manifest.js';
import { pushBlobs, type PushedBlob } from './pushed-blobs.js';
import { registryReference, shownReference, type RegistryReference } from './reference.js';
import { RegistryClient } from './registry-client.js';

/** Options of a {@link RegistryExchange}. */
export interface RegistryExchangeOptions {
  /** The image service to pull into and push from. */
  readonly imageService: ImageService;
  /**
   * Registries (`registry.example:5000`) to reach by plain HTTP. Registries on this machine always use it, as with
   * Docker.
   */
  readonly insecureHttpRegistries?: readonly string[];
  /** Trusted certificate authorities: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /** Milliseconds without data from a registry before a timeout. Default: 60,000. */
  readonly idleTimeoutMs?: number;
  /**
   * Decides which URLs may be requested: registries, their redirects and their token servers. Default: all. Set it when
   * tenants supply references. The function sees host names and literal addresses, not the addresses that a name
   * resolves to.
   */
  readonly mayFetch?: (url: URL) => boolean | Promise<boolean>;
  /**
   * Limits of an image; fields left out default to {@link defaultImageLimits}. A pull checks the manifest against them
   * before it fetches anything else.
   */
  readonly imageLimits?: Partial<ImageLimits>;
  /** Receives messages about listeners that throw. Default: a no-op. */
  readonly logger?: Logger;
}

/** Options of {@link RegistryExchange.push}. */
export interface RegistryPushOptions extends LongRunningOptions {
  readonly credentials?: RegistryCredentials;
}

/** Options of {@link RegistryExchange.pull}. */
export interface RegistryPullOptions extends LongRunningOptions {
  readonly credentials?: RegistryCredentials;
  /** Platform to select from a manifest list. Default: Linux on this machine's architecture. */
  readonly platform?: Platform;
}

/** An image that was pushed to a registry. */
export interface PushedImage {
  /** Digest of the image's manifest, its identifier in the registry. */
  readonly digest: string;
  /** `repository@digest`: pulls this image even after its tag has moved. */
  readonly reference: string;
}

const minute = 60_000;
const plainOptions = z.strictObject({
  imageService,
  insecureHttpRegistries: z.array(text).default([]),
  ca: certificates.optional(),
  idleTimeoutMs: count.default(minute),
  mayFetch: callbackOf<NonNullable<RegistryExchangeOptions['mayFetch']>>().optional(),
  imageLimits: amounts(defaultImageLimits).optional(),
  logger: logger.optional(),
} satisfies FieldsOf<RegistryExchangeOptions>);

/** Maximum depth of nested manifest lists. A malicious registry could nest them without end. */
const maxManifestLists = 4;

/**
 * Copies images between registries and the image service byte for byte: manifests, configurations and layers keep their
 * content and digests. Uses no engine and stores nothing in between.
 */
export class RegistryExchange {
  readonly #imageService: ImageService;
  readonly #client: WebClient;
  readonly #insecure: ReadonlySet<string>;
  readonly #limits: ImageLimits;
  readonly #logger: Logger;

  /** @throws InvalidInput when an option is invalid. */
  constructor(options: RegistryExchangeOptions) {
    const checked = plainOptions.safeParse(options);
    if (!checked.success)
      throw new InvalidInput(`Images cannot be exchanged: ${z.prettifyError(checked.error)}`, {
        cause: checked.error,
      });
    const { insecureHttpRegistries, idleTimeoutMs } = checked.data;
    this.#imageService = new AbortableImageService(options.imageService);
    this.#client = new WebClient({ ca: options.ca, idle: idleTimeoutMs, mayFetch: options.mayFetch });
    this.#insecure = new Set(insecureHttpRegistries);
    this.#limits = { ...defaultImageLimits, ...options.imageLimits };
    this.#logger = usableLogger(options.logger);
  }

  /**
   * Streams an image from a registry into the image service. On failure nothing is left in the image service.
   *
   * @param reference - `[registry/]path[:tag][@sha256:…]`. A digest pins the image.
   * @param metadata - further metadata; may override the defaults: the path of the reference as `name`,
   * `container_format` `docker` and `disk_format` `raw`. The properties `registry_reference` and `registry_digest`
   * record the source and the digest of the manifest.
   * @returns the image's record.
   * @throws InvalidInput when the reference is malformed.
   * @throws ImageSourceError when the registry is unreachable or refuses.
   * @throws ImageUnacceptable when the image does not match its digest, has no manifest for the platform, or exceeds a
   * limit.
   * @throws DeadlineExceeded when the registry stays silent for `idleTimeoutMs`.
   * @throws the image service's error, or the signal's reason when the signal aborts.
   */
  async pull(
    context: RequestContext,
    reference: string,
    metadata: ImageMetadata = {},
    options: RegistryPullOptions = {},
  ): Promise<ImageRecord> {
    return await unwrapped(options.signal, () => this.#pull(context, reference, metadata, options));
  }

  async #pull(
    context: RequestContext,
    reference: string,
    metadata: ImageMetadata,
    options: RegistryPullOptions,
  ): Promise<ImageRecord> {
    const { credentials, platform = ownPlatform, signal } = options;
    const onProgress = guardListener(options.onProgress, this.#logger);
    const from = registryReference(reference);
    const registry = this.#registry(from, { credentials, signal });
    const { manifest, content, digest } = await this.#manifest(registry, from, platform);
    const properties = {
      registry_reference: shownReference(from),
      registry_digest: digest,
      ...metadata.properties,
    };
    const { archive } = blobArchive({
      ...{ manifest, content, signal, onProgress },
      blob: (name, size) => registry.blob(name, size),
    });
    const formats = { container_format: 'docker', disk_format: 'raw' };
    try {
      return await this.#imageService.create(
        context,
        { name: from.path, ...formats, ...metadata, properties },
        archive,
        { signal },
      );
    } finally {
      archive.destroy();
    }
  }

  /**
   * Streams an image or a snapshot from the image service into a registry. Verifies every part on the way and uploads
   * the manifest last. Reuses the archive's own manifest if it lists exactly these parts, else writes a new one. On
   * failure no tag of the registry has changed.
   *
   * @param reference - the destination: `[registry/]path[:tag]`.
   * @returns the image's identifiers in the registry.
   * @throws InvalidInput when the reference is malformed or has a digest.
   * @throws ImageNotFound, ImageNotActive or ImageUnacceptable when the image cannot be pushed.
   * @throws ImageSourceError when the registry is unreachable or refuses.
   * @throws DeadlineExceeded when the registry stays silent for `idleTimeoutMs`.
   * @throws the image service's error, or the signal's reason when the signal aborts.
   */
  async push(
    context: RequestContext,
    image_id: string,
    reference: string,
    options: RegistryPushOptions = {},
  ): Promise<PushedImage> {
    return await unwrapped(options.signal, () => this.#push(context, image_id, reference, options));
  }

  async #push(
    context: RequestContext,
    image_id: string,
    reference: string,
    options: RegistryPushOptions,
  ): Promise<PushedImage> {
    const { credentials, signal } = options;
    const onProgress = guardListener(options.onProgress, this.#logger);
    const to = registryReference(reference);
    if (to.digest !== undefined || to.tag === undefined)
      throw new InvalidInput(
        "An image is pushed to a tag, not to a digest: the digest follows from the image's content",
      );
    const { status, container_format } = await shownRecord(this.#imageService, context, image_id, signal);
    if (status !== 'active') throw new ImageNotActive(`Image ${image_id} is ${status}, not active`);
    if (container_format !== 'docker')
      throw new ImageUnacceptable(`Image ${image_id} has the container format ${String(container_format)}`);
    const registry = this.#registry(to, { credentials, signal });
    const { mediaType, content } = await this.#parts(context, image_id, registry, { signal, onProgress });
    const digest = await registry.putManifest(to.tag, mediaType, content);
    return { digest, reference: `${to.repository}@${digest}` };
  }

  /** Closes all connections. */
  close(): void {
    this.#client.close();
  }

  /** Uploads all parts of an image and returns the manifest for them. */
  async #parts(
    context: RequestContext,
    id: string,
    registry: RegistryClient,
    { signal, onProgress }: LongRunningOptions,
  ): Promise<{ readonly mediaType: string; readonly content: Buffer }> {
    const data = await this.#imageService.download(context, id, { signal });
    const watch = new ManifestWatch();
    const watched = Readable.from(watch.watch(data), { objectMode: false });
    watched.once('close', () => data.destroy());
    const followed = followingLayers(onProgress);
    const { archive, image } = rewriteArchive(watched, {
      subject: `Image ${id}`,
      limits: this.#limits,
      signal,
      onLayer: followed.onLayer,
      validateLayerCompression: (compression) => void layerMediaType(id, compression),
    });
    const blobs = await pushBlobs(archive, registry, followed.onProgress);
    const rewritten = await image;
    const part = (blob: PushedBlob | undefined, type: string): Blob => {
      if (blob === undefined) throw new ImageUnacceptable(`Image ${id} lacks a blob that its manifest names`);
      return { mediaType: `application/vnd.oci.image.${type}`, ...blob };
    };
    const layers = rewritten.layers.map(({ name, type }) => part(blobs.get(name), layerMediaType(id, type)));
    const kept = watch.manifestOf(
      rewritten.id,
      layers.map(({ digest }) => digest),
    );
    if (kept !== undefined) return { mediaType: kept.mediaType ?? manifestTypes.oci, content: kept.content };
    const config = part(
      [...blobs.values()].find(({ digest }) => digest === rewritten.id),
      'config.v1+json',
    );
    const manifest = { schemaVersion: 2, mediaType: manifestTypes.oci, config, layers };
    return { mediaType: manifestTypes.oci, content: Buffer.from(JSON.stringify(manifest)) };
  }

  /** Fetches the manifest for the platform, through manifest lists if necessary. */
  async #manifest(
    registry: RegistryClient,
    from: RegistryReference,
    platform: Platform,
  ): Promise<{ manifest: ImageManifest; content: Buffer; digest: string }> {
    const subject = `The image ${shownReference(from)}`;
    let found = await registry.manifest(from.digest ?? from.tag ?? 'latest');
    let read = readManifest(found.content, platform, subject);
    for (let lists = 1; 'digest' in read; lists += 1) {
      if (lists > maxManifestLists)
        throw new ImageUnacceptable(
          `${subject} is nested in more than ${maxManifestLists} lists of manifests`,
        );
      found = await registry.manifest(read.digest);
      read = readManifest(found.content, platform, subject);
    }
    validateImageSize(this.#limits, read.manifest, found.content, subject);
    return { manifest: read.manifest, ...found };
  }

  #registry(
    reference: RegistryReference,
    options: { credentials: RegistryCredentials | undefined; signal: AbortSignal | undefined },
  ): RegistryClient {
    const { registry } = reference;
    const insecure = this.#insecure.has(registry) || isOnThisMachine(registry);
    return new RegistryClient(this.#client, { reference, insecure, ...options });
  }
}

function isOnThisMachine(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.'));
}
