import { link, lstat, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../streams/index.js';
import { ImageConflict } from '../shared/index.js';
import { notFound } from './access.js';
import { ImageStoreError } from './exceptions.js';
import { checkFolder, createFile, flushFolder, isMissing, openPlain, readSmall } from './files.js';
import { BURIAL, isClaim, isData, metadataName, newClaim, STALE, versionOf } from './layout.js';
import { formatStoredImage, parseStoredImage, type StoredImage } from './stored-image.js';

/** Bytes a metadata file may have: more than any checked metadata needs. */
const METADATA_LIMIT = 64 * 1024 * 1024;

/** How often a reader looks again when what it saw has just been replaced. */
const ATTEMPTS = 100;

/** A record, and which one of the image's records it is. */
interface Version {
  readonly number: number;
  readonly stored: StoredImage;
}

/**
 * One image's folder.
 *
 * Nobody locks anything: a lock whose owner died, or lives in another container, cannot be told from one that is held.
 * Instead a change reads version n and links its own as version n + 1, which fails when somebody else was faster; then
 * it begins anew. Whoever changes something first puts a claim (a dotted file) into the folder, and nothing is removed
 * while there is one: so version n + 1 cannot have come and gone between a claimant's reading and linking. The link's
 * source is the claim itself: if it was removed because it seemed left over, or the whole folder was replaced, the link
 * fails too.
 */
export class ImageFolder {
  constructor(
    /** Where it is. */
    readonly path: string,
    /** The image's id, which is its name. */
    readonly id: string,
  ) {}

  /**
   * The image as it is now.
   *
   * @throws ImageNotFound; ImageStoreError when a file is not what it should be.
   */
  async read(): Promise<StoredImage> {
    const { stored } = await this.#latest();
    if (stored.record.status === 'deleted') throw notFound(this.id);
    return stored;
  }

  /**
   * Changes the image, whoever else does so at the same time.
   *
   * @param change - makes the new state of the current one, or throws; called again when somebody else was faster.
   * @throws ImageNotFound; ImageConflict when this process stood still for so long that it was taken for dead.
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
   * Opens the image's data; what was opened stays readable when the image is deleted.
   *
   * @throws ImageStoreError when the file is not there.
   */
  async openData(name: string): Promise<FileHandle> {
    const path = join(this.path, name);
    try {
      return await openPlain(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Deleted meanwhile, or damaged: the record knows.
      await this.read();
      throw new ImageStoreError(path, 'is missing', error);
    }
  }

  /**
   * Takes a deleted image's folder away, if nobody else is doing it. The claim sees to it that what goes is the deleted
   * image and not another that has been given its id since.
   *
   * @param grave - where to.
   * @returns whether it is there now.
   */
  async bury(grave: string): Promise<boolean> {
    const claim = join(this.path, BURIAL);
    try {
      await (await createFile(claim)).close();
    } catch (error) {
      if (isMissing(error) || codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    const { stored } = await this.#latest();
    if (stored.record.status === 'deleted') {
      await rename(this.path, grave);
      return true;
    }
    await rm(claim, { force: true });
    return false;
  }

  /**
   * Removes what is left over: claims of dead processes and, when nobody is at work, old records and data that no
   * record names.
   *
   * @returns whether the image is deleted and only its folder is still there.
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
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const number = Math.max(...(await this.#versions()));
      if (number === -Infinity) continue;
      const path = join(this.path, metadataName(number));
      try {
        const content = await readSmall(path, METADATA_LIMIT);
        return { number, stored: parseStoredImage(content, this.id, path) };
      } catch (error) {
        // Replaced and removed since the folder was listed.
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

  /** Whether the claim has become the version, and not somebody else's. */
  async #publish(claim: string, version: number): Promise<boolean> {
    try {
      await link(claim, join(this.path, metadataName(version)));
      await flushFolder(this.path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!isMissing(error)) throw error;
      await this.#latest();
      throw new ImageConflict(`The change of image ${this.id} took so long that it was given up for dead.`, {
        cause: error,
      });
    }
  }

  async #dead(claims: readonly string[]): Promise<string[]> {
    const dead: string[] = [];
    for (const name of claims) {
      try {
        const { mtimeMs } = await lstat(join(this.path, name));
        if (Date.now() - mtimeMs > STALE) dead.push(name);
      } catch (error) {
        if (!isMissing(error)) throw error;
        // It was there when the folder was listed, and its owner may have put its work in place since: not a dead one.
      }
    }
    return dead;
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(join(this.path, name), { force: true });
  }
}
