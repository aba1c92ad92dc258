import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageNotFound, type Logger } from '../../../interfaces/index.js';
import { flushFolder, isMissing } from './files.js';
import { ImageFolder } from './image-folder.js';
import { isDraft, isImageFolder, isTrash, newTrashName, staleAfterMs } from './layout.js';

/** Removes a deleted image's folder. Renames it first, so that it disappears atomically. */
export async function deleteFolder(directory: string, folder: ImageFolder): Promise<void> {
  const trash = join(directory, newTrashName());
  if (!(await folder.moveToTrash(trash))) return;
  await flushFolder(directory);
  await rm(trash, { recursive: true, force: true });
}

/** Removes leftovers in an image's folder, and the folder itself if the image is deleted. Failures are only logged. */
export async function tidy(directory: string, folder: ImageFolder, logger: Logger): Promise<void> {
  try {
    if (await folder.tidy()) await deleteFolder(directory, folder);
  } catch (error) {
    if (isMissing(error) || error instanceof ImageNotFound) return;
    logger.warn(`could not remove the leftovers in ${folder.path}`, { error });
  }
}

/** Removes the leftovers of crashed processes from the directory. */
export async function sweep(directory: string, logger: Logger): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (isImageFolder(name)) await tidy(directory, new ImageFolder(path, name), logger);
    else if (isTrash(name) || (isDraft(name) && (await isStale(path)))) await discard(path, logger);
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > staleAfterMs;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function discard(path: string, logger: Logger): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    logger.warn(`could not remove the leftover ${path}`, { error });
  }
}
