import { createHash } from 'node:crypto';
import {
  type ImageRecord,
  type ImageService,
  ImageUnacceptable,
  type Logger,
} from '../../../interfaces/index.js';
import {
  blobsOf,
  type ImageLimits,
  type ImageManifest,
  indexTypes,
  manifestTypes,
  ownPlatform,
  parsedImageIndex,
  parsedImageManifest,
  readManifest,
} from '../../archives/index.js';
import { sha256Digest } from '../../common/index.js';
import { KeyedMutex } from '../../streams/index.js';
import type { BlobFolder } from '../blobs/index.js';
import { RegistryError } from '../http/index.js';
import { registryProperty } from './contents.js';
import { publishManifest, validateBlobs } from './publish-manifest.js';
import { isOwn, type PublishedImage, type PublishedImages } from './published-images.js';
import { keyOf, type Repository, type RepositoryBlobs } from './repository-blobs.js';

/** A manifest, or a list of manifests, as a client gets it. */
export interface ShownManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly read: () => Promise<Buffer>;
}

/** The property of an image service has at most so many characters. */
const maxIndexLength = 65_000;

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

/**
 * The manifests of repositories. Each is an image of the image service: `app:1` with the tag 1, `app@sha256:…` without a
 * tag. A tag that moves to another manifest moves to another image.
 */
export class RepositoryManifests {
  readonly #parts: Parts;
  /** Changes of the names of one project's repository. */
  readonly #mutex = new KeyedMutex();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Returns a manifest; undefined when the client may read none by this tag or digest. */
  async find(repository: Repository, reference: string): Promise<ShownManifest | undefined> {
    const { context, name, signal } = repository;
    const { images } = this.#parts;
    if (!isDigest(reference)) {
      const image = await images.tagged(context, name, reference, signal);
      return image && (indexOf(image) ?? this.#manifestOf(repository, image));
    }
    const all = await images.ofRepository(context, name, signal);
    const image = all.find(({ digest }) => digest === reference);
    if (image !== undefined) return this.#manifestOf(repository, image);
    return all.map(indexOf).find((index) => index?.digest === reference);
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
    const digest = digestOf(content);
    if (isDigest(reference) && reference !== digest)
      throw new RegistryError('DIGEST_INVALID', `The manifest has the digest ${digest}, not ${reference}.`);
    return await this.#mutex.runExclusive(keyOf(repository), repository.signal, async () => {
      if (isIndex(content, contentType)) {
        await this.#putIndex(repository, reference, content);
        return { digest };
      }
      const manifest = parsedImageManifest(content);
      if (manifest === undefined)
        throw new RegistryError('MANIFEST_INVALID', 'The manifest cannot be read, or is ambiguous.');
      const mediaType = mediaTypeOf(manifest, contentType);
      await this.#putManifest(repository, reference, { manifest, content, mediaType, digest });
      return { digest, subject: manifest.subject?.digest };
    });
  }

  /**
   * Removes a tag, or a manifest with all its tags.
   *
   * @returns false when the project has no such manifest.
   */
  async remove(repository: Repository, reference: string): Promise<boolean> {
    return await this.#mutex.runExclusive(keyOf(repository), repository.signal, async () => {
      const own = await this.#own(repository);
      if (!isDigest(reference)) {
        const tagged = own.filter(({ record }) => record.name === `${repository.name}:${reference}`);
        for (const image of tagged) await this.#retire(repository, image);
        return tagged.length > 0;
      }
      const lists = own.filter((image) => indexOf(image)?.digest === reference);
      for (const image of lists) await this.#retire(repository, image);
      const found = own.filter(({ digest }) => digest === reference);
      const { imageService } = this.#parts;
      const { context, signal } = repository;
      for (const { record } of found) await imageService.delete(context, record.id, { signal });
      return found.length + lists.length > 0;
    });
  }

  async #putManifest(
    repository: Repository,
    reference: string,
    pushed: { manifest: ImageManifest; content: Buffer; mediaType: string; digest: string },
  ): Promise<void> {
    const { name } = repository;
    const { manifest, content, digest } = pushed;
    const wanted = isDigest(reference) ? `${name}@${digest}` : `${name}:${reference}`;
    const own = await this.#own(repository);
    const same = own.filter((image) => image.digest === digest);
    // A manifest by digest is there under any name.
    if (isDigest(reference) && same.length > 0) return;
    const there = same.find(({ record, index }) => record.name === wanted && index === undefined);
    if (there !== undefined) return;
    const untagged = same.find(({ record }) => record.name === `${name}@${digest}`);
    if (untagged !== undefined) await this.#rename(repository, untagged, wanted, '');
    else await this.#publish(repository, { ...pushed, name: wanted });
    const replaced = own.filter((image) => image !== untagged && image.record.name === wanted);
    for (const image of replaced) await this.#retire(repository, image);
    const digests = blobsOf(manifest).map((blob) => blob.digest);
    await this.#parts.folder.removePublished(keyOf(repository), digests);
    this.#parts.logger.info(`The registry stored ${wanted}`, { digest, bytes: content.length });
  }

  async #publish(
    repository: Repository,
    pushed: { manifest: ImageManifest; content: Buffer; mediaType: string; name: string },
  ): Promise<ImageRecord> {
    const { imageService, blobs, folder, limits } = this.#parts;
    const digests = blobsOf(pushed.manifest).map(({ digest }) => digest);
    const release = folder.hold(keyOf(repository), digests);
    try {
      const found = await blobs.findAll(repository, digests);
      validateBlobs(pushed.manifest, pushed.content, found, limits);
      return await publishManifest(imageService, { repository, ...pushed, blobs: found });
    } finally {
      release();
    }
  }

  /**
   * Gives a tag to a list of manifests. The tag's image is that for this machine's processor; the others stay images
   * without a tag.
   */
  async #putIndex(repository: Repository, reference: string, content: Buffer): Promise<void> {
    const { context, name, signal } = repository;
    if (isDigest(reference))
      throw new RegistryError('UNSUPPORTED', 'A list of manifests needs a tag: push it by its tag.');
    const text = content.toString('utf8');
    if (text.length > maxIndexLength)
      throw new RegistryError(
        'SIZE_INVALID',
        `The list of manifests is longer than ${maxIndexLength} characters.`,
      );
    const subject = `The list of manifests ${name}:${reference}`;
    const list = parsedImageIndex(content);
    const chosen = readManifest(content, ownPlatform, subject);
    if (list === undefined || !('digest' in chosen))
      throw new RegistryError('MANIFEST_INVALID', `${subject} cannot be read.`);
    const images = await this.#parts.images.ofRepository(context, name, signal);
    const missing = list.manifests.find(({ digest }) => !images.some((image) => image.digest === digest));
    if (missing !== undefined)
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `${subject} names the manifest ${missing.digest}, which is not here. Push it by its digest first.`,
      );
    await this.#tagIndex(repository, `${name}:${reference}`, { images, text, digest: chosen.digest });
  }

  async #tagIndex(
    repository: Repository,
    wanted: string,
    { images, text, digest }: { images: readonly PublishedImage[]; text: string; digest: string },
  ): Promise<void> {
    const { context, name } = repository;
    const own = images.filter(({ record }) => isOwn(context, record));
    const same = images.filter((image) => image.digest === digest);
    const there = own.find((image) => image.digest === digest && image.record.name === wanted);
    const untagged = own.find(
      (image) => image.digest === digest && image.record.name === `${name}@${digest}`,
    );
    const renamed = there ?? untagged;
    if (renamed !== undefined) await this.#rename(repository, renamed, wanted, text);
    else await this.#copyWithIndex(repository, same, wanted, text);
    const replaced = own.filter((image) => image !== renamed && image.record.name === wanted);
    for (const image of replaced) await this.#retire(repository, image);
  }

  /** The manifest belongs to another tag, or to another project: the tag gets an image of its own. */
  async #copyWithIndex(
    repository: Repository,
    [image]: readonly PublishedImage[],
    wanted: string,
    text: string,
  ): Promise<void> {
    const { context, signal } = repository;
    const { imageService, images } = this.#parts;
    if (image === undefined) throw new ImageUnacceptable(`The manifest of ${wanted} is gone`);
    const content = await images.manifest(context, image, signal);
    const manifest = parsedImageManifest(content);
    if (manifest === undefined) throw new ImageUnacceptable(`The manifest of ${wanted} cannot be read`);
    const { mediaType } = image.contents;
    const { id } = await this.#publish(repository, { manifest, content, mediaType, name: wanted });
    await imageService.update(context, id, { properties: { [registryProperty.index]: text } }, undefined, {
      signal,
    });
  }

  /** Takes the tag from an image; the operator decides whether the image then goes. */
  async #retire(repository: Repository, image: PublishedImage): Promise<void> {
    const { context, name, signal } = repository;
    const { imageService, mayDeleteReplaced } = this.#parts;
    if (await mayDeleteReplaced(image.record))
      await imageService.delete(context, image.record.id, { signal });
    else await this.#rename(repository, image, `${name}@${image.digest}`, '');
  }

  async #rename(
    { context, signal }: Repository,
    { record }: PublishedImage,
    name: string,
    index: string,
  ): Promise<void> {
    const properties = { [registryProperty.index]: index };
    await this.#parts.imageService.update(context, record.id, { name, properties }, undefined, { signal });
  }

  async #own({ context, name, signal }: Repository): Promise<PublishedImage[]> {
    const all = await this.#parts.images.ofRepository(context, name, signal);
    return all.filter(({ record }) => isOwn(context, record));
  }

  #manifestOf({ context, signal }: Repository, image: PublishedImage): ShownManifest {
    const { images } = this.#parts;
    return {
      digest: image.digest,
      mediaType: image.contents.mediaType,
      size: image.contents.manifest.size,
      read: () => images.manifest(context, image, signal),
    };
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** The list of manifests that an image's tag stands for. */
function indexOf({ index }: PublishedImage): ShownManifest | undefined {
  if (index === undefined || index === '') return undefined;
  const content = Buffer.from(index);
  const mediaType = parsedImageIndex(content)?.mediaType ?? 'application/vnd.oci.image.index.v1+json';
  return { digest: digestOf(content), mediaType, size: content.length, read: () => Promise.resolve(content) };
}

function isIndex(content: Buffer, contentType: string | undefined): boolean {
  const type = contentType?.split(';')[0]?.trim();
  if (type !== undefined && indexTypes.includes(type)) return true;
  return parsedImageManifest(content) === undefined && parsedImageIndex(content) !== undefined;
}

/** @throws RegistryError when the header and the manifest name different types. */
function mediaTypeOf({ mediaType }: ImageManifest, contentType: string | undefined): string {
  const type = contentType?.split(';')[0]?.trim();
  if (typeof mediaType === 'string' && mediaType !== '' && type !== undefined && type !== mediaType)
    throw new RegistryError(
      'MANIFEST_INVALID',
      `The manifest has the type ${mediaType}, but the request says ${type}.`,
    );
  return mediaType === '' ? manifestTypes.oci : (mediaType ?? type ?? manifestTypes.oci);
}
