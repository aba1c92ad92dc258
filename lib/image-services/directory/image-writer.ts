import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRecord } from '../../../interfaces/index.js';
import { codeOf } from '../../streams/index.js';
import { ImageConflict, type Incoming } from '../shared/index.js';
import { writeData } from './data-file.js';
import { createFile, flushFolder, keepingAlive } from './files.js';
import { ImageFolder } from './image-folder.js';
import { folderMode, metadataName, newClaim, newData, newDraft, staleAfterMs } from './layout.js';
import type { Store } from './options.js';
import { activeRecord, formatStoredImage, type StoredImage } from './stored-image.js';
import { sweep, tidy } from './sweep.js';

/** Error codes of `rename` when the destination is a non-empty folder or not a folder. */
const taken: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/** Publishes images and their data atomically, after all of it is flushed to disk. */
export class ImageWriter {
  readonly #store: Store;
  #swept = -Infinity;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Creates the directory if necessary. At most once an hour, removes leftovers of crashed processes. */
  async prepare(): Promise<void> {
    const { directory, logger } = this.#store;
    await mkdir(directory, { recursive: true, mode: folderMode });
    if (performance.now() - this.#swept < staleAfterMs) return;
    this.#swept = performance.now();
    await sweep(directory, logger);
  }

  /**
   * Builds an image's folder under a temporary name, and renames it to the image's id once it is complete.
   *
   * @throws ImageConflict when the id is already used.
   * @throws ImageQuotaExceeded when the data is too large.
   */
  async create(record: ImageRecord, incoming: Incoming | undefined): Promise<ImageRecord> {
    const { directory } = this.#store;
    const draft = join(directory, newDraft());
    await mkdir(draft, { mode: folderMode });
    try {
      const stored = await keepingAlive(draft, () => this.#fill(draft, record, incoming));
      await this.#name(draft, new ImageFolder(join(directory, record.id), record.id));
      return stored.record;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /**
   * Adds data to an image and changes its metadata in one atomic step.
   *
   * @param change - computes the new record from the stored one, or throws.
   * @returns the new record.
   * @throws ImageQuotaExceeded when the data is too large.
   */
  async upload(
    folder: ImageFolder,
    incoming: Incoming,
    change: (stored: StoredImage) => ImageRecord,
  ): Promise<ImageRecord> {
    const claim = join(folder.path, newClaim());
    const data = newData();
    try {
      const digest = await keepingAlive(claim, () => writeData(claim, incoming, this.#store.maxBytes));
      let placed = false;
      const { record } = await folder.change(async (stored) => {
        const changed = activeRecord(change(stored), digest);
        // The rename must wait until `folder.change` holds its own claim: without one, data that no record names is
        // removed as a leftover.
        if (!placed) await rename(claim, join(folder.path, data));
        placed = true;
        await flushFolder(folder.path);
        return { record: changed, data };
      });
      return record;
    } finally {
      await rm(claim, { force: true });
    }
  }

  async #fill(draft: string, record: ImageRecord, incoming: Incoming | undefined): Promise<StoredImage> {
    let stored: StoredImage = { record, data: null };
    if (incoming !== undefined) {
      const data = newData();
      const digest = await writeData(join(draft, data), incoming, this.#store.maxBytes);
      stored = { record: activeRecord(record, digest), data };
    }
    const handle = await createFile(join(draft, metadataName(1)));
    try {
      await handle.writeFile(formatStoredImage(stored));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await flushFolder(draft);
    return stored;
  }

  async #name(draft: string, folder: ImageFolder): Promise<void> {
    const { directory, logger } = this.#store;
    // A process may have crashed between deleting this id's image and removing its folder: free the id.
    await tidy(directory, folder, logger);
    try {
      await rename(draft, folder.path);
    } catch (error) {
      if (!taken.has(codeOf(error))) throw error;
      throw new ImageConflict(`There is an image ${folder.id} already.`, { cause: error });
    }
    await flushFolder(directory);
  }
}
