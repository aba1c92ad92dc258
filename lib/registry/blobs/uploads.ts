import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { steadyNow } from '../../streams/index.js';
import { RegistryError } from '../http/index.js';
import type { BlobFolder } from './blob-folder.js';

/** Limits of the uploads. */
interface UploadLimits {
  /** Maximum number of unfinished uploads. */
  readonly maxUploads: number;
  /** Maximum bytes of a blob. */
  readonly maxBytes: number;
}

/** A blob that arrives in one or more chunks. */
interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly path: string;
  readonly file: FileHandle;
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
  async begin(repository: string): Promise<string> {
    const { maxUploads } = this.#limits;
    if (this.#uploads.size >= maxUploads)
      throw new RegistryError(
        'TOOMANYREQUESTS',
        `The registry receives ${maxUploads} uploads, which is its limit. Try again later.`,
      );
    const id = randomUUID();
    const path = this.#folder.newPath();
    const file = await open(path, 'wx', 0o600);
    const state = { size: 0, isBusy: false, lastUse: steadyNow() };
    this.#uploads.set(id, { id, repository, path, file, hash: createHash('sha256'), ...state });
    return id;
  }

  /** Returns how many bytes have arrived. */
  size(repository: string, id: string): number {
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
    repository: string,
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
    repository: string,
    id: string,
    body: AsyncIterable<Buffer>,
    digest: string,
    first?: number,
  ): Promise<void> {
    const upload = this.#find(repository, id);
    validatePosition(upload, first);
    await this.#busy(upload, async () => {
      await this.#write(upload, body);
      this.#find(repository, id);
      const found = `sha256:${upload.hash.copy().digest('hex')}`;
      if (found !== digest) {
        await this.#remove(upload);
        throw new RegistryError('DIGEST_INVALID', `The blob has the digest ${found}, not ${digest}.`);
      }
      this.#uploads.delete(id);
      await upload.file.close();
      await this.#folder.add(repository, { digest, size: upload.size, path: upload.path });
    });
  }

  /** Cancels an upload. */
  async cancel(repository: string, id: string): Promise<void> {
    const upload = this.#find(repository, id);
    await this.#busy(upload, async () => this.#remove(upload));
  }

  /** Removes all uploads of a repository. A request that writes to one fails. */
  async removeAll(repository: string): Promise<void> {
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

  #find(repository: string, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.repository !== repository)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', `The upload ${id} does not exist. Begin a new one.`);
    return upload;
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
      this.#find(upload.repository, upload.id);
      if (upload.size + chunk.length > this.#limits.maxBytes) {
        await this.#remove(upload);
        throw new RegistryError(
          'SIZE_INVALID',
          `The blob is larger than the ${this.#limits.maxBytes} bytes allowed.`,
        );
      }
      this.#folder.reserve(chunk.length);
      upload.size += chunk.length;
      upload.hash.update(chunk);
      await this.#appendOrRemove(upload, chunk);
    }
  }

  /** After a failed write, nobody knows what the file holds. */
  async #appendOrRemove(upload: Upload, chunk: Buffer): Promise<void> {
    try {
      await upload.file.appendFile(chunk);
    } catch (error) {
      await this.#remove(upload);
      throw error;
    }
  }

  async #remove(upload: Upload): Promise<void> {
    if (!this.#uploads.delete(upload.id)) return;
    await upload.file.close();
    await rm(upload.path, { force: true });
    this.#folder.release(upload.size);
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
