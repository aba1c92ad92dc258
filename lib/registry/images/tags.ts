import type { ImageRecord, ImageService } from '../../../interfaces/index.js';
import { KeyedMutex, raceSignal, withDeadline } from '../../streams/index.js';
import { registryProperty } from './contents.js';
import { isOwn, type PublishedImage, type PublishedImages } from './published-images.js';
import { keyOf, type Repository } from './repository-blobs.js';

/** Milliseconds for a change of tags: a few short calls of the image service. */
const changeTimeoutMs = 2 * 60_000;

/**
 * The tags of repositories, which are the names of images: `app:1` has the tag 1, `app@sha256:…` has none.
 *
 * A change ignores the client's signal, because a client that disconnects must not leave a tag to two images. It has a
 * deadline instead.
 */
export class Tags {
  readonly #imageService: ImageService;
  readonly #images: PublishedImages;
  readonly #mayDeleteReplaced: (record: ImageRecord) => boolean | Promise<boolean>;
  readonly #mutex = new KeyedMutex();

  constructor(
    imageService: ImageService,
    images: PublishedImages,
    mayDeleteReplaced: (record: ImageRecord) => boolean | Promise<boolean>,
  ) {
    this.#imageService = imageService;
    this.#images = images;
    this.#mayDeleteReplaced = mayDeleteReplaced;
  }

  /**
   * Gives a tag to one of the images with a digest, and takes it from all others.
   *
   * @param list - the digest of the list of manifests that the tag stands for.
   * @returns false when all images with the digest have other tags: the tag needs an image of its own.
   */
  async move(
    repository: Repository,
    tag: string,
    digest: string,
    list: string | undefined,
  ): Promise<boolean> {
    return await this.#exclusive(repository, async (own, signal) => {
      const name = `${repository.name}:${tag}`;
      const candidates = own.filter((image) => image.digest === digest);
      const chosen =
        candidates.find(({ record }) => record.name === name) ??
        candidates.find(({ record }) => record.name === `${repository.name}@${digest}`);
      if (chosen === undefined) return false;
      const isRight = chosen.record.name === name && chosen.list === list;
      if (!isRight) await this.#rename(repository, chosen, { name, list, signal });
      for (const image of own)
        if (image !== chosen && image.record.name === name) await this.#retire(repository, image, signal);
      return true;
    });
  }

  /** Takes a tag from its image. @returns false when the project has no such tag. */
  async remove(repository: Repository, tag: string): Promise<boolean> {
    return await this.#exclusive(repository, async (own, signal) => {
      const tagged = own.filter(({ record }) => record.name === `${repository.name}:${tag}`);
      for (const image of tagged) await this.#retire(repository, image, signal);
      return tagged.length > 0;
    });
  }

  /**
   * Deletes all images with a digest. A tag that stands for a list with this digest goes too.
   *
   * @returns false when the project has none.
   */
  async removeDigest(repository: Repository, digest: string): Promise<boolean> {
    return await this.#exclusive(repository, async (own, signal) => {
      const { context } = repository;
      const ofList = own.filter((image) => image.list === digest);
      for (const image of ofList) await this.#retire(repository, image, signal);
      const found = own.filter((image) => image.digest === digest);
      for (const { record } of found) await this.#imageService.delete(context, record.id, { signal });
      return found.length + ofList.length > 0;
    });
  }

  async #exclusive<T>(
    repository: Repository,
    work: (own: readonly PublishedImage[], signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { context, name, signal } = repository;
    return await this.#mutex.runExclusive(keyOf(repository), signal, async () => {
      this.#images.forget(context);
      try {
        const all = await this.#images.ofRepository(context, name, signal);
        const own = all.filter(({ record }) => isOwn(context, record));
        return await withDeadline('a change of tags', changeTimeoutMs, undefined, (within) =>
          work(own, within),
        );
      } finally {
        this.#images.forget(context);
      }
    });
  }

  /** Takes the tag from an image; the operator decides whether the image then goes. */
  async #retire(repository: Repository, image: PublishedImage, signal: AbortSignal): Promise<void> {
    const { context, name } = repository;
    const mayDelete = await raceSignal(Promise.resolve(this.#mayDeleteReplaced(image.record)), signal);
    if (mayDelete) await this.#imageService.delete(context, image.record.id, { signal });
    else await this.#rename(repository, image, { name: `${name}@${image.digest}`, list: undefined, signal });
  }

  async #rename(
    { context }: Repository,
    { record }: PublishedImage,
    to: { readonly name: string; readonly list: string | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    const { name, list, signal } = to;
    const properties = { [registryProperty.list]: list ?? '' };
    await this.#imageService.update(context, record.id, { name, properties }, undefined, { signal });
  }
}
