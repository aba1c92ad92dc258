import { link, lstat, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB } from '../../common/index.js';
import { codeOf } from '../../streams/index.js';
import { ImageConflict } from '../shared/index.js';
import { notFound } from './access.js';
import { ImageStoreError } from './exceptions.js';
import { checkFolder, createFile, flushFolder, isMissing, openPlain, readSmall } from './files.js';
import { deletionClaim, isClaim, isData, metadataName, newClaim, staleAfterMs, versionOf } from './layout.js';
import { formatStoredImage, parseStoredImage, type StoredImage } from './stored-image.js';

/** Maximum bytes of a metadata file: more than any valid metadata needs. */
const metadataLimit = 64 * MiB;

/** Maximum attempts of a reader whose metadata file is replaced while it reads. */
const maxAttempts = 100;

/** A record and its version number. */
interface Version {
  readonly number: number;
  readonly stored: StoredImage;
}

/**
 * The folder of one image.
 *
 * There is no lock: a lock whose owner died or runs in another container looks like a held lock. Instead, updates use
 * optimistic concurrency:
 *
 * - A writer reads version n and hard-links its new record as version n + 1. The link fails if another writer was
 * faster; then the writer starts over.
 * - A writer first puts a claim (a dotted file) into the folder. Nothing is removed while a claim exists, so the next
 * version cannot appear and disappear between a writer's read and its link.
 * - The claim itself is the source of the link. If it was removed as stale, or the whole folder was replaced, the link
 * fails too.
 */
export class ImageFolder {
  constructor(
    /** The path of the folder. */
    readonly path: string,
    /** The image's id, which is the folder's name. */
    readonly id: string,
  ) {}

  /**
   * Reads the image's current state.
   *
   * @throws ImageNotFound when the image does not exist.
   * @throws ImageStoreError when a file is malformed or missing.
   */
  async read(): Promise<StoredImage> {
    const { stored } = await this.#latest();
    if (stored.record.status === 'deleted') throw notFound(this.id);
    return stored;
  }

  /**
   * Changes the image. Safe against concurrent changes by other processes.
   *
   * @param change - computes the new state from the current one, or throws; called again after a lost race.
   * @returns the new state.
   * @throws ImageNotFound when the image does not exist.
   * @throws ImageConflict when this process stalled for so long that its claim was removed as stale.
   */
  async change(change: (current: StoredImage) => Promise<StoredImage>): Promise<StoredImage> {
    const claim = join(this.path, newClaim());
    for (;;) {
      const handle = await this.#create(claim);
      try {
        const { number, stored } = await this.#latest();
        if (stored.record.status === 'deleted') throw notFound(this.id);
        const changed = await change(stored);
        await handle.writeFile(formatStoredImage(changed));
        await handle.sync();
        if (await this.#publish(claim, number + 1)) return changed;
      } finally {
        await handle.close();
        await rm(claim, { force: true });
      }
    }
  }

  /**
   * Opens the image's data. The opened file stays readable when the image is deleted.
   *
   * @param name - of the data file.
   * @throws ImageNotFound when the image was deleted meanwhile.
   * @throws ImageStoreError when the data file is missing.
   */
  async openData(name: string): Promise<FileHandle> {
    const path = join(this.path, name);
    try {
      return await openPlain(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Throws ImageNotFound if the image was deleted meanwhile. Otherwise the folder is damaged.
      await this.read();
      throw new ImageStoreError(path, 'is missing', error);
    }
  }

  /**
   * Moves a deleted image's folder away, unless another process is doing so. The claim ensures that it moves the
   * deleted image, not a new image with the same id.
   *
   * @param trash - the destination path.
   * @returns whether the folder was moved.
   */
  async moveToTrash(trash: string): Promise<boolean> {
    const claim = join(this.path, deletionClaim);
    try {
      await (await createFile(claim)).close();
    } catch (error) {
      if (isMissing(error) || codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    const { stored } = await this.#latest();
    if (stored.record.status === 'deleted') {
      await rename(this.path, trash);
      return true;
    }
    await rm(claim, { force: true });
    return false;
  }

  /**
   * Removes claims of dead processes and, if no other claim exists, old records and data that no record names.
   *
   * @returns whether the image is deleted and only its folder remains.
   */
  async tidy(): Promise<boolean> {
    const names = await readdir(this.path);
    const claims = names.filter(isClaim);
    const dead = await this.#dead(claims);
    await this.#remove(dead);
    if (claims.length > dead.length) return false;
    const { number, stored } = await this.#latest();
    await this.#remove(names.filter((name) => (versionOf(name) ?? number) < number));
    await this.#remove(names.filter((name) => isData(name) && name !== stored.data));
    return stored.record.status === 'deleted';
  }

  async #latest(): Promise<Version> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const number = Math.max(...(await this.#versions()));
      if (number === -Infinity) continue;
      const path = join(this.path, metadataName(number));
      try {
        const content = await readSmall(path, metadataLimit);
        return { number, stored: parseStoredImage(content, this.id, path) };
      } catch (error) {
        // The file was replaced and removed after the folder was listed: retry.
        if (!isMissing(error)) throw error;
      }
    }
    throw new ImageStoreError(this.path, 'holds no metadata that can be read');
  }

  async #versions(): Promise<number[]> {
    try {
      await checkFolder(this.path);
      return (await readdir(this.path)).flatMap((name) => versionOf(name) ?? []);
    } catch (error) {
      throw isMissing(error) ? notFound(this.id) : error;
    }
  }

  async #create(claim: string): Promise<FileHandle> {
    try {
      await checkFolder(this.path);
      return await createFile(claim);
    } catch (error) {
      throw isMissing(error) ? notFound(this.id) : error;
    }
  }

  /**
   * Links the claim as the given version.
   *
   * @returns false if another writer has created this version.
   */
  async #publish(claim: string, version: number): Promise<boolean> {
    try {
      await link(claim, join(this.path, metadataName(version)));
      await flushFolder(this.path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!isMissing(error)) throw error;
      await this.#latest();
      throw new ImageConflict(
        `The change of image ${this.id} took so long that another process removed its files as leftovers.`,
        {
          cause: error,
        },
      );
    }
  }

  async #dead(claims: readonly string[]): Promise<string[]> {
    const dead: string[] = [];
    for (const name of claims) {
      try {
        const { mtimeMs } = await lstat(join(this.path, name));
        if (Date.now() - mtimeMs > staleAfterMs) dead.push(name);
      } catch (error) {
        if (!isMissing(error)) throw error;
        // The claim has gone since the folder was listed: its owner may have completed its work, so it is not dead.
      }
    }
    return dead;
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(join(this.path, name), { force: true });
  }
}
