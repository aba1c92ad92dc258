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
  type LongRunningOptions,
  type RequestContext,
} from '../../../interfaces/index.js';
import type { RegistryCredentials } from '../../engine/index.js';
import { amounts, callback, certificates, count, imageService, text } from '../../common/index.js';
import {
  defaultImageLimits,
  rewriteArchive,
  type ImageLimits,
  type LayerType,
} from '../../archives/index.js';
import { followingLayers } from '../../progress/index.js';
import { PromptImageService } from '../../image-services/index.js';
import { unwrapped } from '../../streams/index.js';
import { WebClient } from '../../http/index.js';
import { shownRecord } from '../../image-services/index.js';
import { ManifestWatch } from './kept-manifest.js';
import {
  type Blob,
  manifestTypes,
  mustBeWithin,
  ownPlatform,
  readManifest,
  type ImageManifest,
  type Platform,
} from './manifests.js';
import { pulledArchive } from './pulled-archive.js';
import { pushBlobs, type PushedBlob } from './pushed-blobs.js';
import { registryReference, shownReference, type RegistryReference } from './reference.js';
import { RegistryClient } from './registry-client.js';

/** How a {@link RegistryExchange} is set up. */
export interface RegistryExchangeOptions {
  /** Where images are in the end, or in the beginning. */
  readonly imageService: ImageService;
  /**
   * Registries (`registry.example:5000`) that speak plain HTTP. Those on this machine do in any case, as Docker has it.
   */
  readonly insecureRegistries?: readonly string[];
  /** Certificates of the authorities to trust: PEM, or the path of a PEM file. Default: the system's. */
  readonly ca?: string | Buffer;
  /** Milliseconds that a registry may be silent; default a minute. */
  readonly idleTimeout?: number;
  /**
   * Which addresses may be asked: of registries, of what they redirect to, of servers that give tokens; default: all.
   * Whoever takes references from tenants must say. It sees names and literal addresses, and not what a name resolves
   * to.
   */
  readonly mayFetch?: (url: URL) => boolean | Promise<boolean>;
  /**
   * What an image may be at most, where it differs from the default. One that is pulled is held to it by its manifest,
   * before anything else of it is fetched.
   */
  readonly limits?: Partial<ImageLimits>;
}

/** Options of {@link RegistryExchange.push}. */
export interface RegistryPushOptions extends LongRunningOptions {
  readonly credentials?: RegistryCredentials;
}

/** Options of {@link RegistryExchange.pull}. */
export interface RegistryPullOptions extends LongRunningOptions {
  readonly credentials?: RegistryCredentials;
  /** Which of several images under one name; default: Linux on this machine's processor. */
  readonly platform?: Platform;
}

/** An image that is in a registry now. */
export interface PushedImage {
  /** The digest of its manifest: what the registry calls it. */
  readonly digest: string;
  /** `repository@digest`, by which it can be pulled again whatever becomes of its tag. */
  readonly reference: string;
}

const minute = 60_000;
const plainOptions = z.strictObject({
  imageService,
  insecureRegistries: z.array(text).default([]),
  ca: certificates.optional(),
  idleTimeout: count.default(minute),
  mayFetch: callback.optional(),
  limits: amounts(defaultImageLimits).optional(),
});

/** Lists of manifests that may lie one in another: a registry could make a list for each question. */
const mostLists = 4;

/** What media types call layers, after `application/vnd.oci.image.`. */
const layerMediaTypes: Readonly<Record<LayerType, string>> = {
  tar: 'layer.v1.tar',
  gzip: 'layer.v1.tar+gzip',
  zstd: 'layer.v1.tar+zstd',
};

/**
 * Exchanges images between registries and the image service, byte for byte: manifests, configurations and layers stay
 * what they are, and with them all digests. No engine has a part in it, and nothing is put down on the way.
 */
export class RegistryExchange {
  readonly #imageService: ImageService;
  readonly #client: WebClient;
  readonly #insecure: ReadonlySet<string>;
  readonly #limits: ImageLimits;

  /** @throws InvalidInput when an option cannot be used. */
  constructor(options: RegistryExchangeOptions) {
    const checked = plainOptions.safeParse(options);
    if (!checked.success)
      throw new InvalidInput(`Images cannot be exchanged: ${z.prettifyError(checked.error)}`, {
        cause: checked.error,
      });
    const { insecureRegistries, idleTimeout } = checked.data;
    this.#imageService = new PromptImageService(options.imageService);
    this.#client = new WebClient({ ca: options.ca, idle: idleTimeout, mayFetch: options.mayFetch });
    this.#insecure = new Set(insecureRegistries);
    this.#limits = { ...defaultImageLimits, ...options.limits };
  }

  /**
   * Streams an image from a registry into the image service.
   *
   * @param reference - `[registry/]path[:tag][@sha256:…]`; with a digest it is that image and no other.
   * @param metadata - beside `container_format` (`docker`) and `disk_format` (`raw`). The properties
   * `registry_reference` and `registry_digest` say where the image came from and which manifest it has.
   * @returns the image's record.
   * @throws InvalidInput; ImageSourceError when the registry is not reached or refuses; ImageUnacceptable when it gives
   * something other than what it was asked for, or more than the limits allow; DeadlineExceeded; what the image service
   * fails with; the signal's reason when that aborts. Nothing is left in the image service then.
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
    const { credentials, platform = ownPlatform, signal, onProgress } = options;
    const from = registryReference(reference);
    const registry = this.#registry(from, { credentials, signal });
    const { manifest, content, digest } = await this.#manifest(registry, from, platform);
    const properties = {
      registry_reference: shownReference(from),
      registry_digest: digest,
      ...metadata.properties,
    };
    const archive = pulledArchive({
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
   * Streams an image, or a snapshot, from the image service into a registry. Every part is verified on the way, and the
   * manifest that makes an image of them is sent when all have been: the one that the archive holds where it describes
   * exactly these parts, else a new one.
   *
   * @param reference - where to: `[registry/]path[:tag]`.
   * @returns what the registry calls it now.
   * @throws InvalidInput; ImageNotFound, ImageNotActive, ImageUnacceptable; ImageSourceError when the registry is not
   * reached or refuses; DeadlineExceeded; the signal's reason when that aborts. No tag of the registry has changed
   * then.
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
    const { credentials, signal, onProgress } = options;
    const to = registryReference(reference);
    if (to.digest !== undefined || to.tag === undefined)
      throw new InvalidInput('An image is pushed to a tag: its digest follows from what it is');
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

  /** Uploads all parts of an image; returns the manifest that makes one of them. */
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
    });
    const blobs = await pushBlobs(archive, registry, followed.onProgress);
    const rewritten = await image;
    const part = (blob: PushedBlob | undefined, type: string): Blob => {
      if (blob === undefined) throw new ImageUnacceptable(`Image ${id} lost a part on the way`);
      return { mediaType: `application/vnd.oci.image.${type}`, ...blob };
    };
    const layers = rewritten.layers.map(({ name, type }) => part(blobs.get(name), layerMediaTypes[type]));
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

  /** The manifest for the platform, by way of a list where there is one. */
  async #manifest(
    registry: RegistryClient,
    from: RegistryReference,
    platform: Platform,
  ): Promise<{ manifest: ImageManifest; content: Buffer; digest: string }> {
    const subject = `The image ${shownReference(from)}`;
    let found = await registry.manifest(from.digest ?? from.tag ?? 'latest');
    let read = readManifest(found.content, platform, subject);
    for (let lists = 1; 'digest' in read; lists += 1) {
      if (lists > mostLists)
        throw new ImageUnacceptable(`${subject} is in more than ${mostLists} lists of manifests`);
      found = await registry.manifest(read.digest);
      read = readManifest(found.content, platform, subject);
    }
    mustBeWithin(this.#limits, read.manifest, found.content, subject);
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
