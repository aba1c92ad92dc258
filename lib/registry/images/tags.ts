import type { ImageRecord, ImageService } from '../../../interfaces/index.js';
import { KeyedMutex } from '../../streams/index.js';
import { registryProperty } from './contents.js';
import { isOwn, type PublishedImage, type PublishedImages } from './published-images.js';
import { keyOf, type Repository } from './repository-blobs.js';

/**
 * The tags of repositories, which are the names of images: `app:1` has the tag 1, `app@sha256:…` has none.
 *
 * Changes ignore the client's signal: a client that disconnects must not leave a tag to two images. The image service
 * bounds each call.
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
    return await this.#exclusive(repository, async (own) => {
      const name = `${repository.name}:${tag}`;
      const candidates = own.filter((image) => image.digest === digest);
      const chosen =
        candidates.find(({ record }) => record.name === name) ??
        candidates.find(({ record }) => record.name === `${repository.name}@${digest}`);
      if (chosen === undefined) return false;
      const isRight = chosen.record.name === name && chosen.list === list;
      if (!isRight) await this.#rename(repository, chosen, name, list);
      for (const image of own)
        if (image !== chosen && image.record.name === name) await this.#retire(repository, image);
      return true;
    });
  }

  /** Takes a tag from its image. @returns false when the project has no such tag. */
  async remove(repository: Repository, tag: string): Promise<boolean> {
    return await this.#exclusive(repository, async (own) => {
      const tagged = own.filter(({ record }) => record.name === `${repository.name}:${tag}`);
      for (const image of tagged) await this.#retire(repository, image);
      return tagged.length > 0;
    });
  }

  /**
   * Deletes all images with a digest. A tag that stands for a list with this digest goes too.
   *
   * @returns false when the project has none.
   */
  async removeDigest(repository: Repository, digest: string): Promise<boolean> {
    return await this.#exclusive(repository, async (own) => {
      const { context } = repository;
      const ofList = own.filter((image) => image.list === digest);
      for (const image of ofList) await this.#retire(repository, image);
      const found = own.filter((image) => image.digest === digest);
      for (const { record } of found) await this.#imageService.delete(context, record.id);
      return found.length + ofList.length > 0;
    });
  }

  async #exclusive<T>(
    repository: Repository,
    work: (own: readonly PublishedImage[]) => Promise<T>,
  ): Promise<T> {
    const { context, name, signal } = repository;
    return await this.#mutex.runExclusive(keyOf(repository), signal, async () => {
      this.#images.forget(context);
      try {
        const all = await this.#images.ofRepository(context, name, signal);
        return await work(all.filter(({ record }) => isOwn(context, record)));
      } finally {
        this.#images.forget(context);
      }
    });
  }

  /** Takes the tag from an image; the operator decides whether the image then goes. */
  async #retire(repository: Repository, image: PublishedImage): Promise<void> {
    if (await this.#mayDeleteReplaced(image.record))
      await this.#imageService.delete(repository.context, image.record.id);
    else await this.#rename(repository, image, `${repository.name}@${image.digest}`, undefined);
  }

  async #rename(
    { context }: Repository,
    { record }: PublishedImage,
    name: string,
    list: string | undefined,
  ): Promise<void> {
    const properties = { [registryProperty.list]: list ?? '' };
    await this.#imageService.update(context, record.id, { name, properties });
  }
}
