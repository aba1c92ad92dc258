import { constants } from 'node:fs';
import { lstat, open, utimes, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../../streams/index.js';
import { ImageStoreError } from './exceptions.js';
import { fileMode, HEARTBEAT } from './layout.js';

/** Whether an operation failed because something is not there. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/**
 * Opens a file for reading that nobody may have replaced by a link, a device or a pipe: what lies in an image's folder
 * must not lead out of it, nor hang its reader (a FIFO without O_NONBLOCK would).
 *
 * @throws ImageStoreError when it is not a plain file; ENOENT.
 */
export async function openPlain(path: string): Promise<FileHandle> {
  const handle = await openNoFollow(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ImageStoreError(path, 'is not a plain file');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openNoFollow(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // ELOOP: a symbolic link; ENXIO: a socket.
    const code = codeOf(error);
    if (code !== 'ELOOP' && code !== 'ENXIO') throw error;
    throw new ImageStoreError(path, 'is not a plain file', error);
  }
}

/** Makes a file that must not be there yet, readable by its owner only. */
export const createFile = (path: string): Promise<FileHandle> =>
  open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, fileMode);

/** The bytes of a small plain file, as text. */
export async function readSmall(path: string, limit: number): Promise<string> {
  const handle = await openPlain(path);
  try {
    const { size } = await handle.stat();
    if (size > limit) throw new ImageStoreError(path, `has more than ${limit} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** @throws ImageStoreError when something other than a folder has the name; ENOENT. */
export async function checkFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw new ImageStoreError(path, 'is not a folder');
}

/** Makes names that were made, changed or removed in a folder last through a power failure. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Keeps a dotted name alive while `work` is under way, see {@link STALE}. */
export async function keepingAlive<T>(path: string, work: () => Promise<T>): Promise<T> {
  const touch = (): void => {
    const now = new Date();
    // When this fails the name may be taken for left over; then the work itself finds out, at its next step.
    utimes(path, now, now).catch(() => undefined);
  };
  const timer = setInterval(touch, HEARTBEAT);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
