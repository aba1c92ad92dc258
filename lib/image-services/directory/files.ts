import { constants } from 'node:fs';
import { lstat, open, utimes, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../../streams/index.js';
import { ImageStoreError } from './exceptions.js';
import { fileMode, heartbeatMs } from './layout.js';

/** Whether an operation failed because a file does not exist. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/**
 * Opens a regular file for reading. Refuses links, devices and pipes, which an attacker may have put in its place: a
 * link could lead out of the image's folder, and a FIFO without O_NONBLOCK would block the reader.
 *
 * @throws ImageStoreError when it is not a regular file. ENOENT is passed on.
 */
export async function openPlain(path: string): Promise<FileHandle> {
  const handle = await openNoFollow(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ImageStoreError(path, 'is not a regular file');
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
    throw new ImageStoreError(path, 'is not a regular file', error);
  }
}

/** Creates a file that only its owner may read; fails if the path exists. */
export const createFile = (path: string): Promise<FileHandle> =>
  open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, fileMode);

/**
 * Reads a small regular file as text.
 *
 * @param limit - maximum size in bytes.
 * @throws ImageStoreError when the file is larger than the limit or not a regular file.
 */
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

/** @throws ImageStoreError when the path is not a folder. ENOENT is passed on. */
export async function checkFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw new ImageStoreError(path, 'is not a folder');
}

/** Makes created, renamed and removed entries of a folder durable across a power failure. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Touches a file or folder regularly while `work` runs, so that it does not count as stale, see {@link staleAfterMs}.
 */
export async function keepingAlive<T>(path: string, work: () => Promise<T>): Promise<T> {
  const touch = (): void => {
    const now = new Date();
    // If this fails, another process may remove the path as stale. Then the next step of `work` fails.
    utimes(path, now, now).catch(() => undefined);
  };
  const timer = setInterval(touch, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
