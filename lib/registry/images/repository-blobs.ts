import type { RequestContext } from '../../../interfaces/index.js';
import { steadyNow } from '../../streams/index.js';
import type { BlobFolder, StoredBlob } from '../blobs/index.js';
import { type PublishedImage, type PublishedImages } from './published-images.js';

/** A client's view of one repository. Every project has repositories of its own. */
export interface Repository {
  readonly context: RequestContext;
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Identifies a project's repository. */
export const keyOf = ({ context, name }: Omit<Repository, 'signal'>): string =>
  JSON.stringify([context.project_id ?? null, name]);

interface Mount {
  readonly from: string;
  readonly since: number;
}

/** Finds the blobs of a repository: those just pushed, those mounted from another repository, and those of its images. */
export class RepositoryBlobs {
  readonly #folder: BlobFolder;
  readonly #images: PublishedImages;
  readonly #mounts = new Map<string, Mount>();

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
    const found = new Map<string, StoredBlob>();
    for (const digest of digests) {
      const pushed = this.#folder.find(keyOf(repository), digest);
      if (pushed !== undefined) found.set(digest, pushed);
    }
    const images = found.size < digests.length ? await this.#imagesOf(repository) : [];
    for (const digest of digests.filter((each) => !found.has(each))) {
      const mount = this.#mounts.get(mountKey(repository, digest));
      const blob =
        this.#blobOf(images, repository, digest) ??
        (mount && (await this.#elsewhere(repository, mount.from, digest)));
      if (blob !== undefined) found.set(digest, blob);
    }
    return found;
  }

  /**
   * Makes a blob of another repository part of this one, without a copy.
   *
   * @returns false when the client may read no such blob there.
   */
  async mount(repository: Repository, from: string, digest: string): Promise<boolean> {
    if ((await this.#elsewhere(repository, from, digest)) === undefined) return false;
    this.#mounts.set(mountKey(repository, digest), { from, since: steadyNow() });
    return true;
  }

  /** Forgets mounts that no image was made of for `unusedMs`. */
  removeUnused(unusedMs: number): void {
    const before = steadyNow() - unusedMs;
    for (const [key, { since }] of this.#mounts) if (since <= before) this.#mounts.delete(key);
  }

  /** The rights are those of the client at this moment, not those at the time of the mount. */
  async #elsewhere(repository: Repository, from: string, digest: string): Promise<StoredBlob | undefined> {
    const other = { ...repository, name: from };
    return this.#folder.find(keyOf(other), digest) ?? (await this.#inImages(other, digest));
  }

  async #inImages(repository: Repository, digest: string): Promise<StoredBlob | undefined> {
    return this.#blobOf(await this.#imagesOf(repository), repository, digest);
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

const mountKey = (repository: Repository, digest: string): string =>
  JSON.stringify([keyOf(repository), digest]);
