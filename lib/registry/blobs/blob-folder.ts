import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { codeOf, steadyNow } from '../../streams/index.js';
import { RegistryError } from '../http/index.js';

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
}

/** The names of the folders of registries. */
const prefix = 'nova-docker-driver-registry-';

/** A folder that its registry has not touched for so long belongs to none. */
const abandonedAfterMs = 60 * 60_000;

/** A blob in the folder. */
class BlobFile implements StoredBlob {
  /** The number of running requests that need the file. */
  holders = 0;
  lastUse = steadyNow();

  constructor(
    readonly digest: string,
    readonly size: number,
    readonly path: string,
  ) {}

  open(range?: BlobRange): Promise<Readable> {
    this.lastUse = steadyNow();
    const { first, last } = range ?? { first: 0, last: Infinity };
    return Promise.resolve(createReadStream(this.path, { start: first, end: last }));
  }
}

/**
 * The blobs that clients pushed and no image of the image service holds yet. They are files of a temporary folder: a
 * client that pushes again after a restart of the registry sends them again.
 */
export class BlobFolder {
  readonly #path: string;
  readonly #maxBytes: number;
  /** By repository, see {@link BlobFolder.find}, and digest. */
  readonly #blobs = new Map<string, Map<string, BlobFile>>();
  #bytes = 0;

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
  static async create(parent: string, maxBytes: number): Promise<BlobFolder> {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
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
   * @throws RegistryError when the folder is full.
   */
  reserve(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes)
      throw new RegistryError(
        'TOOMANYREQUESTS',
        `The registry holds ${this.#maxBytes} bytes of unfinished pushes, which is its limit. Try again later.`,
      );
    this.#bytes += bytes;
  }

  /** Reverts {@link BlobFolder.reserve} after the file was removed. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /**
   * Adds a verified file, whose bytes are reserved.
   *
   * @param repository - a project's repository: projects do not see each other's blobs.
   */
  async add(repository: string, file: { digest: string; size: number; path: string }): Promise<void> {
    const { digest, size, path } = file;
    const final = this.newPath();
    await rename(path, final);
    // No `await` between these lines: two blobs may arrive at the same time.
    const blobs = this.#blobs.get(repository) ?? new Map<string, BlobFile>();
    const isThere = blobs.has(digest);
    if (!isThere) this.#blobs.set(repository, blobs.set(digest, new BlobFile(digest, size, final)));
    if (isThere) {
      await rm(final, { force: true });
      this.release(size);
    }
  }

  /** Returns a blob of a project's repository; undefined when it is not here. */
  find(repository: string, digest: string): StoredBlob | undefined {
    const blob = this.#blobs.get(repository)?.get(digest);
    if (blob !== undefined) blob.lastUse = steadyNow();
    return blob;
  }

  /** Removes a blob. @returns false when it is not here. */
  async remove(repository: string, digest: string): Promise<boolean> {
    const blob = this.#blobs.get(repository)?.get(digest);
    if (blob === undefined) return false;
    await this.#remove(repository, blob);
    return true;
  }

  /** Removes all blobs of a project's repository. */
  async removeAll(repository: string): Promise<void> {
    for (const blob of this.#blobs.get(repository)?.values() ?? []) await this.#remove(repository, blob);
  }

  /** Keeps blobs until the returned function is called, so that the garbage collection does not remove them meanwhile. */
  hold(repository: string, digests: readonly string[]): () => void {
    const held = digests.flatMap((digest) => this.#blobs.get(repository)?.get(digest) ?? []);
    for (const blob of held) blob.holders += 1;
    return () => {
      for (const blob of held) blob.holders -= 1;
    };
  }

  /** Removes blobs that nobody has used for `unusedMs`. */
  async removeUnused(unusedMs: number): Promise<void> {
    const before = steadyNow() - unusedMs;
    for (const [repository, blobs] of this.#blobs)
      for (const blob of blobs.values())
        if (blob.holders === 0 && blob.lastUse <= before) await this.#remove(repository, blob);
  }

  /** Removes blobs that an image holds now, unless a running request needs them. */
  async removePublished(repository: string, digests: readonly string[]): Promise<void> {
    for (const digest of digests) {
      const blob = this.#blobs.get(repository)?.get(digest);
      if (blob?.holders === 0) await this.#remove(repository, blob);
    }
  }

  async #remove(repository: string, blob: BlobFile): Promise<void> {
    const blobs = this.#blobs.get(repository);
    if (blobs?.delete(blob.digest) !== true) return;
    if (blobs.size === 0) this.#blobs.delete(repository);
    await rm(blob.path, { force: true });
    this.release(blob.size);
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    // Another registry that starts at the same moment may remove the folder first.
    const { mtimeMs } = (await stat(path).catch(undefinedIfGone)) ?? { mtimeMs: Infinity };
    if (mtimeMs < Date.now() - abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
