import { ArchiveRefused, shown } from './archive-refused.js';

/**
 * Normalizes an entry's path as engines do: relative to the archive's root, without a leading slash, `.`, `..`, and
 * doubled or trailing slashes.
 *
 * @param what - the verb of the error message: `holds`, `names in its manifest`.
 * @throws ArchiveRefused when the path is outside the archive or has a NUL.
 */
export function entryPath(name: string, what: string): string {
  if (name.includes('\0')) throw new ArchiveRefused(`${what} ${shown(name)}: no path can contain that`);
  const path = pathInside([], name);
  if (path === undefined) throw new ArchiveRefused(`${what} ${shown(name)}, which leads out of the archive`);
  return path;
}

/**
 * Resolves the target of a link.
 *
 * @param path - the link's own path, normalized by {@link entryPath}.
 * @param target - relative to the link's directory for a symbolic link, to the archive's root for a hard link.
 * @throws ArchiveRefused when the target is absolute, outside the archive, or has a NUL.
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

/** Whether a path, resolved from the archive's root, stays inside it. */
export function isInside(path: string): boolean {
  return pathInside([], path) !== undefined;
}

/** Resolves a path from a folder; undefined if it leads above the root. */
function pathInside(folder: readonly string[], path: string): string | undefined {
  const segments = [...folder];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}
