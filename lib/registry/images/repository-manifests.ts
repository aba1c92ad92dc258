import {
  ImageUnacceptable,
  type ImageRecord,
  type ImageService,
  type Logger,
} from '../../../interfaces/index.js';
import {
  blobsOf,
  type ImageIndex,
  type ImageLimits,
  type ImageManifest,
  indexTypes,
  manifestTypes,
  ociIndexType,
  ownPlatform,
  parsedImageIndex,
  parsedImageManifest,
  readManifest,
} from '../../archives/index.js';
import { digestOf, sha256Digest } from '../../common/index.js';
import { KeyedMutex } from '../../streams/index.js';
import type { BlobFolder } from '../blobs/index.js';
import { RegistryError } from '../http/index.js';
import { mediaTypePattern } from './contents.js';
import { Publisher, type PushedContent, validateManifest } from './publish.js';
import { isOwn, type PublishedImage, type PublishedImages } from './published-images.js';
import { keyOf, type Repository, type RepositoryBlobs } from './repository-blobs.js';
import { Tags } from './tags.js';

/** A manifest, or a list of manifests, as a client gets it. */
export interface ShownManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly read: () => Promise<Buffer>;
}

/** Whether a reference is a digest, not a tag. */
export const isDigest = (reference: string): boolean => sha256Digest.test(reference);

/** What {@link RepositoryManifests} needs. */
interface Parts {
  readonly imageService: ImageService;
  readonly images: PublishedImages;
  readonly blobs: RepositoryBlobs;
  readonly folder: BlobFolder;
  readonly limits: ImageLimits;
  readonly mayDeleteReplaced: (record: ImageRecord) => boolean | Promise<boolean>;
  readonly logger: Logger;
}

/** A pushed manifest, parsed. */
type PushedManifest = PushedContent & { readonly manifest: ImageManifest };

/**
 * The manifests of repositories, and lists of them. Each is an image of the image service. A tag pushed for a list names
 * the member for this machine's processor, so that it boots; without such a member, the list's own image.
 */
export class RepositoryManifests {
  readonly #parts: Parts;
  readonly #publisher: Publisher;
  readonly #tags: Tags;
  /** One publication of a digest at a time: clients push the same manifest twice. */
  readonly #publications = new KeyedMutex();

  constructor(parts: Parts) {
    const { imageService, images, logger, mayDeleteReplaced } = parts;
    this.#parts = parts;
    this.#publisher = new Publisher(imageService, logger);
    this.#tags = new Tags(imageService, images, mayDeleteReplaced);
  }

  /** Returns a manifest; undefined when the client may read none by this tag or digest. */
  async find(repository: Repository, reference: string): Promise<ShownManifest | undefined> {
    const { context, name, signal } = repository;
    const { images } = this.#parts;
    if (isDigest(reference)) return this.#shown(repository, await this.#image(repository, reference));
    const tagged = await images.tagged(context, name, reference, signal);
    const list = tagged?.list === undefined ? undefined : await this.#image(repository, tagged.list);
    return this.#shown(repository, list ?? tagged);
  }

  /**
   * Stores a manifest, or a list of manifests, and moves the tag to it.
   *
   * @param reference - a tag, or the digest of the content.
   * @returns the manifest's digest, and that of the manifest that it is about.
   * @throws RegistryError when something is malformed or missing. Then nothing has changed.
   */
  async put(
    repository: Repository,
    reference: string,
    content: Buffer,
    contentType: string | undefined,
  ): Promise<{ readonly digest: string; readonly subject?: string | undefined }> {
    const digest = validatedDigest(reference, content);
    const list = listIn(content, contentType);
    const subject = await (list === undefined
      ? this.#putManifest(repository, reference, parsedManifest(content, contentType))
      : this.#putList(repository, reference, list, content));
    this.#parts.logger.info('The registry stored a manifest', {
      repository: repository.name,
      reference,
      digest,
    });
    return { digest, subject };
  }

  /**
   * Removes a tag, or a manifest with all its tags.
   *
   * @returns false when the project has no such manifest.
   */
  async remove(repository: Repository, reference: string): Promise<boolean> {
    return await (isDigest(reference)
      ? this.#tags.removeDigest(repository, reference)
      : this.#tags.remove(repository, reference));
  }

  async #putManifest(
    repository: Repository,
    reference: string,
    pushed: PushedManifest,
  ): Promise<string | undefined> {
    const publish = (): Promise<ImageRecord> => this.#publishManifest(repository, pushed);
    const digest = digestOf(pushed.content);
    await this.#store(repository, digest, publish);
    if (!isDigest(reference)) await this.#moveTag(repository, reference, { digest, publish });
    const digests = blobsOf(pushed.manifest).map((blob) => blob.digest);
    await this.#parts.folder.removePublished(keyOf(repository), digests);
    return pushed.subject;
  }

  async #publishManifest(repository: Repository, pushed: PushedManifest): Promise<ImageRecord> {
    const { blobs, limits } = this.#parts;
    const digests = blobsOf(pushed.manifest).map(({ digest }) => digest);
    const found = await blobs.findAll(repository, digests);
    const releases = [...found.values()].map((blob) => blob.hold());
    try {
      validateManifest(pushed.manifest, pushed.content, found, limits);
      return await this.#publisher.manifest(repository, pushed, found);
    } finally {
      for (const release of releases) release();
    }
  }

  async #putList(
    repository: Repository,
    reference: string,
    list: ImageIndex,
    content: Buffer,
  ): Promise<string | undefined> {
    const subject = list.subject?.digest;
    const pushed = { content, mediaType: list.mediaType ?? ociIndexType, subject };
    await this.#validateMembers(repository, list);
    const digest = digestOf(content);
    const publish = (): Promise<ImageRecord> => this.#publisher.list(repository, pushed);
    await this.#store(repository, digest, publish);
    if (isDigest(reference)) return subject;
    const member = await this.#bootable(repository, content);
    if (member === undefined) await this.#moveTag(repository, reference, { digest, publish });
    else {
      const copy = async (): Promise<ImageRecord> => this.#copy(repository, member);
      await this.#moveTag(repository, reference, { digest: member.digest, list: digest, publish: copy });
    }
    return subject;
  }

  /** Stores something under its digest, unless the project has it. */
  async #store(repository: Repository, digest: string, publish: () => Promise<unknown>): Promise<void> {
    const { context, signal } = repository;
    const { images } = this.#parts;
    await this.#publications.runExclusive(`${keyOf(repository)} ${digest}`, signal, async () => {
      images.forget(context);
      const there = await this.#image(repository, digest);
      if (there === undefined || !isOwn(context, there.record)) await publish();
      images.forget(context);
    });
  }

  /** Moves a tag. An image has one name, so one tag: if all images with the digest have tags, another is published. */
  async #moveTag(
    repository: Repository,
    tag: string,
    to: { readonly digest: string; readonly list?: string; readonly publish: () => Promise<unknown> },
  ): Promise<void> {
    if (await this.#tags.move(repository, tag, to.digest, to.list)) return;
    await to.publish();
    if (!(await this.#tags.move(repository, tag, to.digest, to.list)))
      throw new RegistryError('UNAVAILABLE', `The image of the tag ${tag} has disappeared. Push again.`);
  }

  async #copy(repository: Repository, image: PublishedImage): Promise<ImageRecord> {
    const { context, signal } = repository;
    const { mediaType } = image.contents;
    const content = await this.#parts.images.manifest(context, image, signal);
    return await this.#publishManifest(repository, parsedManifest(content, mediaType));
  }

  /** @throws RegistryError when a manifest of a list is missing. */
  async #validateMembers(repository: Repository, { manifests }: ImageIndex): Promise<void> {
    for (const { digest } of manifests)
      if ((await this.#image(repository, digest)) === undefined)
        throw new RegistryError(
          'MANIFEST_BLOB_UNKNOWN',
          `The list names the manifest ${digest}, which is not here. Push it by its digest first.`,
        );
  }

  /** The member of a list that runs on this machine's processor; undefined when there is none. */
  async #bootable(repository: Repository, content: Buffer): Promise<PublishedImage | undefined> {
    try {
      const chosen = readManifest(content, ownPlatform, 'The list of manifests');
      const image = 'digest' in chosen ? await this.#image(repository, chosen.digest) : undefined;
      return image?.record.container_format === 'docker' ? image : undefined;
    } catch (error) {
      if (error instanceof ImageUnacceptable) return undefined;
      throw error;
    }
  }

  async #image({ context, name, signal }: Repository, digest: string): Promise<PublishedImage | undefined> {
    const all = await this.#parts.images.ofRepository(context, name, signal);
    return all.find((image) => image.digest === digest);
  }

  #shown({ context, signal }: Repository, image: PublishedImage | undefined): ShownManifest | undefined {
    if (image === undefined) return undefined;
    const { digest, contents } = image;
    const read = (): Promise<Buffer> => this.#parts.images.manifest(context, image, signal);
    return { digest, mediaType: contents.mediaType, size: contents.manifest.size, read };
  }
}

/** Parses a list of manifests; undefined when the content is something else. */
function listIn(content: Buffer, contentType: string | undefined): ImageIndex | undefined {
  const list = parsedImageIndex(content);
  const isSaid = indexTypes.includes(contentType ?? '');
  if (isSaid && list === undefined)
    throw new RegistryError('MANIFEST_INVALID', 'The list of manifests cannot be read, or is ambiguous.');
  if (list === undefined || (!isSaid && parsedImageManifest(content) !== undefined)) return undefined;
  validateMediaType(list.mediaType, contentType);
  return list;
}

/**
 * Computes the digest of a pushed manifest.
 *
 * @throws RegistryError when the reference is another digest.
 */
export function validatedDigest(reference: string, content: Buffer): string {
  const digest = digestOf(content);
  if (isDigest(reference) && reference !== digest)
    throw new RegistryError('DIGEST_INVALID', `The manifest has the digest ${digest}, not ${reference}.`);
  return digest;
}

/** @throws RegistryError when it is no manifest. */
export function parsedManifest(content: Buffer, contentType: string | undefined): PushedManifest {
  const manifest = parsedImageManifest(content);
  if (manifest === undefined)
    throw new RegistryError('MANIFEST_INVALID', 'The manifest cannot be read, or is ambiguous.');
  validateMediaType(manifest.mediaType, contentType);
  const mediaType = manifest.mediaType ?? contentType ?? manifestTypes.oci;
  return { manifest, content, mediaType, subject: manifest.subject?.digest };
}

/** @throws RegistryError when the types of header and content differ, or one cannot be a header. */
function validateMediaType(mediaType: string | null | undefined, contentType: string | undefined): void {
  for (const type of [mediaType, contentType])
    if (typeof type === 'string' && !mediaTypePattern.test(type))
      throw new RegistryError('MANIFEST_INVALID', 'The media type is malformed.');
  if (typeof mediaType === 'string' && contentType !== undefined && contentType !== mediaType)
    throw new RegistryError(
      'MANIFEST_INVALID',
      `The manifest has the type ${mediaType}, but the request says ${contentType}.`,
    );
}
