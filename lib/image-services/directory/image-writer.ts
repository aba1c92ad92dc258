import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRecord } from '../../../interfaces/index.js';
import { codeOf } from '../../streams/index.js';
import { ImageConflict, type Incoming } from '../shared/index.js';
import { writeData } from './data-file.js';
import { createFile, flushFolder, keepingAlive } from './files.js';
import { ImageFolder } from './image-folder.js';
import { folderMode, metadataName, newClaim, newData, newDraft, STALE } from './layout.js';
import type { Store } from './options.js';
import { activeRecord, formatStoredImage, type StoredImage } from './stored-image.js';
import { sweep, tidy } from './sweep.js';

/** What `rename` says when a folder would take the place of one that is not empty, or of something else. */
const taken: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/** Puts images, and data of images, where others see them: in one step, after all is on the disk. */
export class ImageWriter {
  readonly #store: Store;
  #swept = -Infinity;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Makes the directory where it is not there yet and, once an hour, clears it of what crashed processes left. */
  async prepare(): Promise<void> {
    const { directory, logger } = this.#store;
    await mkdir(directory, { recursive: true, mode: folderMode });
    if (performance.now() - this.#swept < STALE) return;
    this.#swept = performance.now();
    await sweep(directory, logger);
  }

  /**
   * Builds an image's folder under a name that nobody looks at, and gives it its own when it is complete.
   *
   * @throws ImageConflict when the id is taken; ImageQuotaExceeded when the data is too large.
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
   * Gives data to an image, and changes its metadata in the same step.
   *
   * @param change - makes the new record, or throws.
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
      const digest = await keepingAlive(claim, () => writeData(claim, incoming, this.#store.limit));
      let placed = false;
      const { record } = await folder.change(async (stored) => {
        const changed = activeRecord(change(stored), digest);
        // Not before the change has its own claim: unclaimed data that no record names is taken for left over.
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
      const digest = await writeData(join(draft, data), incoming, this.#store.limit);
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
    // An image of that id that was deleted by a process which then crashed does not keep the id.
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
