import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { steadyNow } from '../../streams/index.js';
import { RegistryError } from '../http/index.js';
import type { BlobFolder } from './blob-folder.js';
import { projectOf, type RepositoryKey } from './repository-key.js';

/** Limits of the uploads. */
interface UploadLimits {
  /** Maximum number of unfinished uploads of a project. */
  readonly maxUploads: number;
  /** Maximum bytes of a blob. */
  readonly maxBytes: number;
}

/** A blob that arrives in one or more chunks. */
interface Upload {
  readonly id: string;
  readonly repository: RepositoryKey;
  readonly path: string;
  readonly file: Promise<FileHandle>;
  readonly hash: ReturnType<typeof createHash>;
  size: number;
  /** Whether a request writes to the file. */
  isBusy: boolean;
  lastUse: number;
}

/** The unfinished uploads. A client may continue one after its connection broke. */
export class Uploads {
  readonly #folder: BlobFolder;
  readonly #limits: UploadLimits;
  readonly #uploads = new Map<string, Upload>();

  constructor(folder: BlobFolder, limits: UploadLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * Begins an upload.
   *
   * @param repository - a project's repository.
   * @returns the upload's id.
   * @throws RegistryError when there are too many uploads.
   */
  async begin(repository: RepositoryKey): Promise<string> {
    const { maxUploads } = this.#limits;
    const project = projectOf(repository);
    const own = [...this.#uploads.values()].filter((each) => projectOf(each.repository) === project);
    if (own.length >= maxUploads)
      throw new RegistryError(
        'TOOMANYREQUESTS',
        `The registry receives ${maxUploads} uploads of this project, which is the limit. Try again later.`,
      );
    const id = randomUUID();
    const path = this.#folder.newPath();
    // The upload counts before its file is there, so that requests at the same time cannot exceed the limit.
    const file = open(path, 'wx', 0o600);
    const state = { size: 0, isBusy: false, lastUse: steadyNow() };
    this.#uploads.set(id, { id, repository, path, file, hash: createHash('sha256'), ...state });
    try {
      await file;
    } catch (error) {
      this.#uploads.delete(id);
      throw error;
    }
    return id;
  }

  /** Takes a whole blob. Nothing is left when it fails. */
  async take(repository: RepositoryKey, body: AsyncIterable<Buffer>, digest: string): Promise<void> {
    const id = await this.begin(repository);
    try {
      await this.finish(repository, id, body, digest);
    } catch (error) {
      const upload = this.#uploads.get(id);
      if (upload !== undefined) await this.#remove(upload);
      throw error;
    }
  }

  /** Returns how many bytes have arrived. */
  size(repository: RepositoryKey, id: string): number {
    return this.#find(repository, id).size;
  }

  /**
   * Appends a chunk. What has arrived stays when the client disconnects.
   *
   * @param first - the chunk's position in the blob. Default: the end of what has arrived.
   * @returns how many bytes have arrived.
   * @throws RegistryError when the position is another one, or a limit is exceeded.
   */
  async append(
    repository: RepositoryKey,
    id: string,
    body: AsyncIterable<Buffer>,
    first: number | undefined,
  ): Promise<number> {
    const upload = this.#find(repository, id);
    validatePosition(upload, first);
    await this.#busy(upload, async () => this.#write(upload, body));
    return upload.size;
  }

  /**
   * Ends an upload and adds its blob to the folder.
   *
   * @param digest - the blob's digest. If it is wrong, the upload is removed.
   * @param first - see {@link Uploads.append}.
   * @throws RegistryError when the digest is wrong, or as {@link Uploads.append}.
   */
  async finish(
    repository: RepositoryKey,
    id: string,
    body: AsyncIterable<Buffer>,
    digest: string,
    first?: number,
  ): Promise<void> {
    const upload = this.#find(repository, id);
    validatePosition(upload, first);
    await this.#busy(upload, async () => {
      await this.#write(upload, body);
      this.#validateNotRemoved(upload);
      const found = `sha256:${upload.hash.copy().digest('hex')}`;
      if (found !== digest) {
        await this.#remove(upload);
        throw new RegistryError('DIGEST_INVALID', `The blob has the digest ${found}, not ${digest}.`);
      }
      this.#uploads.delete(id);
      await (await upload.file).close();
      await this.#folder.add(repository, { digest, size: upload.size, path: upload.path });
    });
  }

  /** Cancels an upload. */
  async cancel(repository: RepositoryKey, id: string): Promise<void> {
    const upload = this.#find(repository, id);
    await this.#busy(upload, async () => this.#remove(upload));
  }

  /** Removes all uploads of a repository. A request that writes to one fails. */
  async removeAll(repository: RepositoryKey): Promise<void> {
    for (const upload of this.#uploads.values())
      if (upload.repository === repository) await this.#remove(upload);
  }

  /** Removes uploads to which no client has written for `unusedMs`. */
  async removeUnused(unusedMs: number): Promise<void> {
    const before = steadyNow() - unusedMs;
    for (const upload of this.#uploads.values())
      if (!upload.isBusy && upload.lastUse <= before) await this.#remove(upload);
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const upload of this.#uploads.values()) await this.#remove(upload);
  }

  #find(repository: RepositoryKey, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.repository !== repository)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', `The upload ${id} does not exist. Begin a new one.`);
    return upload;
  }

  /** @throws RegistryError when the upload was removed while a request writes to it. */
  #validateNotRemoved({ repository, id }: Upload): void {
    this.#find(repository, id);
  }

  async #busy(upload: Upload, work: () => Promise<void>): Promise<void> {
    if (upload.isBusy)
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'Another request writes to this upload.');
    upload.isBusy = true;
    try {
      await work();
    } finally {
      upload.isBusy = false;
      upload.lastUse = steadyNow();
    }
  }

  async #write(upload: Upload, body: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of body) {
      this.#validateNotRemoved(upload);
      if (upload.size + chunk.length > this.#limits.maxBytes) {
        await this.#remove(upload);
        throw new RegistryError(
          'SIZE_INVALID',
          `The blob is larger than the ${this.#limits.maxBytes} bytes allowed.`,
        );
      }
      await this.#reserveOrRemove(upload, chunk.length);
      upload.size += chunk.length;
      upload.hash.update(chunk);
      await this.#appendOrRemove(upload, chunk);
    }
  }

  /** The rest of a refused upload never comes, and must not take the space of others. */
  async #reserveOrRemove(upload: Upload, bytes: number): Promise<void> {
    try {
      this.#folder.reserve(upload.repository, bytes);
    } catch (error) {
      await this.#remove(upload);
      throw error;
    }
  }

  /** After a failed write, the file's content is unknown, so the upload cannot continue. */
  async #appendOrRemove(upload: Upload, chunk: Buffer): Promise<void> {
    try {
      await (await upload.file).appendFile(chunk);
    } catch (error) {
      await this.#remove(upload);
      throw error;
    }
  }

  async #remove(upload: Upload): Promise<void> {
    if (!this.#uploads.delete(upload.id)) return;
    try {
      await (await upload.file).close();
      await rm(upload.path, { force: true });
    } finally {
      this.#folder.release(upload.repository, upload.size);
    }
  }
}

/** @throws RegistryError when a chunk does not begin at the end of what has arrived. */
function validatePosition({ size }: Upload, first: number | undefined): void {
  if (first === undefined || first === size) return;
  throw new RegistryError(
    'RANGE_INVALID',
    `The chunk begins at byte ${first}, but ${size} bytes have arrived.`,
  );
}
