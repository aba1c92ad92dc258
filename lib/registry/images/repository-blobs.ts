import type { RequestContext } from '../../../interfaces/index.js';
import { type BlobFolder, repositoryKey, type RepositoryKey, type StoredBlob } from '../blobs/index.js';
import { projectIdOf, type PublishedImage, type PublishedImages } from './published-images.js';

/** A client's view of one repository. Every project has repositories of its own. */
export interface Repository {
  readonly context: RequestContext;
  readonly name: string;
  readonly signal: AbortSignal;
}

export const keyOf = ({ context, name }: Omit<Repository, 'signal'>): RepositoryKey =>
  repositoryKey(projectIdOf(context), name);

/** Finds the blobs of a repository: those just pushed, those mounted from another repository, and those of its images. */
export class RepositoryBlobs {
  readonly #folder: BlobFolder;
  readonly #images: PublishedImages;

  constructor(folder: BlobFolder, images: PublishedImages) {
    this.#folder = folder;
    this.#images = images;
  }

  /** Returns a blob; undefined when the repository has none with this digest that the client may read. */
  async find(repository: Repository, digest: string): Promise<StoredBlob | undefined> {
    return (await this.findAll(repository, [digest])).get(digest);
  }

  /** Returns the blobs of several digests with one list of the repository's images. */
  async findAll(
    repository: Repository,
    digests: readonly string[],
  ): Promise<ReadonlyMap<string, StoredBlob>> {
    const found = this.#pushed(repository, digests);
    const images = found.size < digests.length ? await this.#imagesOf(repository) : [];
    for (const digest of digests.filter((each) => !found.has(each))) {
      const from = this.#folder.mountedFrom(keyOf(repository), digest);
      const blob =
        this.#blobOf(images, repository, digest) ??
        (from === undefined ? undefined : await this.#blobIn(repository, from, digest));
      if (blob !== undefined) found.set(digest, blob);
    }
    return found;
  }

  /**
   * Makes a blob of another repository part of this one, without a copy.
   *
   * @returns false when the client may read no such blob there.
   * @throws RegistryError when too many blobs wait for a manifest.
   */
  async mount(repository: Repository, from: string, digest: string): Promise<boolean> {
    if ((await this.#blobIn(repository, from, digest)) === undefined) return false;
    this.#folder.mount(keyOf(repository), from, digest);
    return true;
  }

  #pushed(repository: Repository, digests: readonly string[]): Map<string, StoredBlob> {
    const found = new Map<string, StoredBlob>();
    for (const digest of digests) {
      const blob = this.#folder.find(keyOf(repository), digest);
      if (blob !== undefined) found.set(digest, blob);
    }
    return found;
  }

  /** A blob of another repository, with the client's rights now, not those when it was mounted. */
  async #blobIn(repository: Repository, from: string, digest: string): Promise<StoredBlob | undefined> {
    const other = { ...repository, name: from };
    const pushed = this.#folder.find(keyOf(other), digest);
    return pushed ?? this.#blobOf(await this.#imagesOf(other), other, digest);
  }

  async #imagesOf({ context, name, signal }: Repository): Promise<readonly PublishedImage[]> {
    return await this.#images.ofRepository(context, name, signal);
  }

  #blobOf(
    images: readonly PublishedImage[],
    { context, signal }: Repository,
    digest: string,
  ): StoredBlob | undefined {
    for (const image of images) {
      const blob = this.#images.blob(context, image, digest, signal);
      if (blob !== undefined) return blob;
    }
    return undefined;
  }
}
