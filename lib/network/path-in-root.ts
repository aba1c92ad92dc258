import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessHidden } from './procfs.js';

/** The kernel's limit (`MAXSYMLINKS`). */
const maxLinks = 40;

/**
 * Resolves a path as a process with the root directory `root` does. A plain `stat` of `/proc/PID/root/…` would follow
 * absolute links from this process's own root.
 *
 * @param root - a directory: `/proc/PID/root`.
 * @param path - an absolute path inside it.
 * @returns a path below `root` without symbolic links; undefined when the file is absent, hidden from this process, or
 * behind a loop of links.
 */
export async function pathInRoot(root: string, path: string): Promise<string | undefined> {
  const pending = namesIn(path);
  const reached: string[] = [];
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '..') {
      reached.pop();
      continue;
    }
    const here = join(root, ...reached, name);
    const found = await lstat(here).catch((error: unknown) => unlessHidden(error, undefined));
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      reached.push(name);
      continue;
    }
    links += 1;
    if (links > maxLinks) return undefined;
    const target = await readlink(here).catch((error: unknown) => unlessHidden(error, undefined));
    if (target === undefined) return undefined;
    if (target.startsWith('/')) reached.length = 0;
    pending.unshift(...namesIn(target));
  }
  return join(root, ...reached);
}

const namesIn = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');
