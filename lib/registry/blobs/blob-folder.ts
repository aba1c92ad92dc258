import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from '../../../interfaces/index.js';
import { steadyNow } from '../../streams/index.js';
import { RegistryError } from '../http/index.js';
import { projectOf, type RepositoryKey } from './repository-key.js';

/** A range of a blob, both ends included. */
export interface BlobRange {
  readonly first: number;
  readonly last: number;
}

/** A blob that the registry can read. */
export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
  /** Opens the blob, or a range of it. The caller must read or destroy the stream. */
  open(range?: BlobRange): Promise<Readable>;
  /** Keeps the blob until the returned function is called. */
  hold(): () => void;
}

/** The names of the folders of registries. */
const prefix = 'nova-docker-driver-registry-';

/** A folder that its registry has not touched for so long belongs to none. */
const abandonedAfterMs = 60 * 60_000;

/** A blob in the folder. */
class BlobFile implements StoredBlob {
  /** The number of running requests that need the file. */
  holders = 0;

  constructor(
    readonly digest: string,
    readonly size: number,
    readonly path: string,
  ) {}

  open(range?: BlobRange): Promise<Readable> {
    const { first, last } = range ?? { first: 0, last: Infinity };
    return Promise.resolve(createReadStream(this.path, { start: first, end: last }));
  }

  hold(): () => void {
    this.holders += 1;
    return () => void (this.holders -= 1);
  }
}

/** What clients have pushed to a project's repository, and no image holds yet. */
interface PendingRepository {
  readonly blobs: Map<string, BlobFile>;
  /** The repositories that blobs were mounted from, by digest. */
  readonly mounts: Map<string, string>;
  /** A push of many blobs uses the repository until its manifest arrives: no blob may go before. */
  lastUse: number;
}

/** Blobs that can be mounted into a repository before its manifest arrives: more than an image can have layers. */
const maxMounts = 1000;

/** The share of the folder that one project may use. */
const maxProjectShare = 0.5;

/**
 * The blobs that clients pushed and no image of the image service holds yet. They are files of a temporary folder: a
 * client that pushes again after a restart of the registry sends them again.
 */
export class BlobFolder {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #repositories = new Map<RepositoryKey, PendingRepository>();
  /** By project. */
  readonly #bytes = new Map<string, number>();

  private constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /**
   * Creates a folder, and removes those that killed registries left beside it.
   *
   * @param parent - where to create it; several registries may use one parent.
   * @param maxBytes - the limit for all files in the folder.
   */
  static async create(parent: string, maxBytes: number, logger: Logger): Promise<BlobFolder> {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent, logger);
    return new BlobFolder(await mkdtemp(join(parent, prefix)), maxBytes);
  }

  /** Tells other registries that this folder is in use. Call it more often than `abandonedAfterMs`. */
  async touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#path, now, now);
  }

  /** Removes the folder. */
  async close(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true });
  }

  /** Returns a path for a new file. */
  newPath(): string {
    return join(this.#path, randomUUID());
  }

  /**
   * Counts bytes of a file before they are written.
   *
   * @throws RegistryError when the folder is full, or the project uses its share of it.
   */
  reserve(repository: RepositoryKey, bytes: number): void {
    this.#use(repository);
    const project = projectOf(repository);
    const own = this.#bytes.get(project) ?? 0;
    const all = [...this.#bytes.values()].reduce((sum, each) => sum + each, 0);
    if (all + bytes > this.#maxBytes || own + bytes > this.#maxBytes * maxProjectShare)
      throw new RegistryError(
        'TOOMANYREQUESTS',
        'The registry holds too many bytes of unfinished pushes. Try again later.',
      );
    this.#bytes.set(project, own + bytes);
  }

  /** Reverts {@link BlobFolder.reserve} after the file was removed. */
  release(repository: RepositoryKey, bytes: number): void {
    const project = projectOf(repository);
    const left = (this.#bytes.get(project) ?? 0) - bytes;
    if (left > 0) this.#bytes.set(project, left);
    else this.#bytes.delete(project);
  }

  /** Adds a verified file, whose bytes are reserved, or deletes it if the blob is here already. */
  async add(
    repository: RepositoryKey,
    file: { readonly digest: string; readonly size: number; readonly path: string },
  ): Promise<void> {
    const { digest, size, path } = file;
    const { blobs } = this.#use(repository);
    if (!blobs.has(digest)) blobs.set(digest, new BlobFile(digest, size, path));
    else await this.#removeFile(repository, file);
  }

  /** Returns a blob of a project's repository; undefined when it is not here. */
  find(repository: RepositoryKey, digest: string): StoredBlob | undefined {
    const pending = this.#repositories.get(repository);
    if (pending !== undefined) pending.lastUse = steadyNow();
    return pending?.blobs.get(digest);
  }

  /**
   * Notes that a repository has a blob of another one, without a copy.
   *
   * @throws RegistryError when the repository has too many of them.
   */
  mount(repository: RepositoryKey, from: string, digest: string): void {
    const { mounts } = this.#use(repository);
    if (mounts.size >= maxMounts && !mounts.has(digest))
      throw new RegistryError('TOOMANYREQUESTS', `More than ${maxMounts} blobs wait for a manifest.`);
    mounts.set(digest, from);
  }

  /** Returns the name of the repository that a blob was mounted from; undefined without one. */
  mountedFrom(repository: RepositoryKey, digest: string): string | undefined {
    return this.#repositories.get(repository)?.mounts.get(digest);
  }

  /** Removes a blob. @returns false when it is not here. */
  async remove(repository: RepositoryKey, digest: string): Promise<boolean> {
    const blob = this.#repositories.get(repository)?.blobs.get(digest);
    if (blob === undefined) return false;
    await this.#remove(repository, blob);
    return true;
  }

  /** Removes all blobs of a project's repository. */
  async removeAll(repository: RepositoryKey): Promise<void> {
    const pending = this.#repositories.get(repository);
    // Forget the blobs first: one that arrives during the removal must stay.
    this.#repositories.delete(repository);
    for (const blob of pending?.blobs.values() ?? []) await this.#removeFile(repository, blob);
  }

  /** Keeps blobs until the returned function is called, so that the garbage collection does not remove them meanwhile. */
  hold(repository: RepositoryKey, digests: readonly string[]): () => void {
    const { blobs } = this.#use(repository);
    const releases = digests.flatMap((digest) => blobs.get(digest)?.hold() ?? []);
    return () => {
      for (const release of releases) release();
    };
  }

  /** Removes the blobs of repositories that no request has used for `unusedMs`. */
  async removeUnused(unusedMs: number): Promise<void> {
    const before = steadyNow() - unusedMs;
    for (const [repository, { lastUse, blobs }] of this.#repositories) {
      const isHeld = [...blobs.values()].some(({ holders }) => holders > 0);
      if (lastUse <= before && !isHeld) await this.removeAll(repository);
    }
  }

  /** Removes blobs that an image holds now, unless a running request needs them. */
  async removePublished(repository: RepositoryKey, digests: readonly string[]): Promise<void> {
    for (const digest of digests) {
      const blob = this.#repositories.get(repository)?.blobs.get(digest);
      if (blob?.holders === 0) await this.#remove(repository, blob);
    }
  }

  /** Returns what is pending for a repository, and keeps it from the garbage collection for a while. */
  #use(repository: RepositoryKey): PendingRepository {
    const pending = this.#repositories.get(repository) ?? {
      ...{ blobs: new Map<string, BlobFile>(), mounts: new Map<string, string>() },
      lastUse: 0,
    };
    pending.lastUse = steadyNow();
    this.#repositories.set(repository, pending);
    return pending;
  }

  async #remove(repository: RepositoryKey, blob: BlobFile): Promise<void> {
    if (this.#repositories.get(repository)?.blobs.delete(blob.digest) !== true) return;
    await this.#removeFile(repository, blob);
  }

  async #removeFile(
    repository: RepositoryKey,
    { path, size }: { readonly path: string; readonly size: number },
  ): Promise<void> {
    try {
      await rm(path, { force: true });
    } finally {
      this.release(repository, size);
    }
  }
}

/** A folder that cannot be removed, for instance another user's, is not in the way: it is logged and stays. */
async function removeAbandoned(parent: string, logger: Logger): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    try {
      const { mtimeMs } = await stat(path);
      if (mtimeMs < Date.now() - abandonedAfterMs) await rm(path, { recursive: true, force: true });
    } catch (error) {
      logger.warn('The registry could not remove the folder of a killed registry', { path, error });
    }
  }
}
