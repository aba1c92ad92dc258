import { ArchiveRefused, shown } from './archive-refused.js';

/**
 * The one spelling of an entry's path: no `.`, no doubled or trailing slash.
 *
 * @param what - who names it, for the message: `holds`, `names in its manifest`.
 * @throws ArchiveRefused when it lies outside the archive.
 */
export function entryPath(name: string, what: string): string {
  if (name.includes('\0')) throw new ArchiveRefused(`${what} ${shown(name)}: no path can contain that`);
  if (name.startsWith('/')) throw new ArchiveRefused(`${what} ${shown(name)}, which is an absolute path`);
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..'))
    throw new ArchiveRefused(`${what} ${shown(name)}, which leads out of the archive`);
  return segments.join('/');
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
  const segments = kind === 'symbolic link' ? path.split('/').slice(0, -1) : [];
  for (const segment of target.split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) throw out;
    } else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}
