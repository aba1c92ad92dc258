import { ArchiveRefused, shown } from './archive-refused.js';

/**
 * The one spelling of an entry's path, as engines have it: relative to the archive's root, absolute or not, without `.`,
 * `..` and doubled or trailing slashes.
 *
 * @param what - who names it, for the message: `holds`, `names in its manifest`.
 * @throws ArchiveRefused when it lies outside the archive.
 */
export function entryPath(name: string, what: string): string {
  if (name.includes('\0')) throw new ArchiveRefused(`${what} ${shown(name)}: no path can contain that`);
  const path = pathInside([], name);
  if (path === undefined) throw new ArchiveRefused(`${what} ${shown(name)}, which leads out of the archive`);
  return path;
}

/**
 * The path that a link points to.
 *
 * @param path - the link's own, as {@link entryPath} gives it.
 * @param target - relative to the link's directory for a symbolic link, to the archive for a hard link.
 * @throws ArchiveRefused when it points out of the archive.
 */
export function linkTarget(kind: 'symbolic link' | 'hard link', path: string, target: string): string {
  const out = new ArchiveRefused(
    `holds the ${kind} ${shown(path)}, which points out of the archive, to ${shown(target)}`,
  );
  if (target.startsWith('/') || target.includes('\0')) throw out;
  const found = pathInside(kind === 'symbolic link' ? path.split('/').slice(0, -1) : [], target);
  if (found === undefined) throw out;
  return found;
}

/** Whether a path, taken from the archive's root, does not lead above it. */
export function isInside(path: string): boolean {
  return pathInside([], path) !== undefined;
}

/** Where a path leads from a folder; undefined when that is above the root. */
function pathInside(folder: readonly string[], path: string): string | undefined {
  const segments = [...folder];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}
