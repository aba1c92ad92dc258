/**
 * An archive is not what it must be. Inside this folder only: the rewriter turns it into ImageUnacceptable. That it is
 * a class of its own tells what is wrong with the archive from what the archive's source fails with, which may be
 * ImageUnacceptable, too.
 */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';

  /** @param what - the rest of a sentence that begins with the archive's name: `holds no entries`. */
  constructor(what: string, cause?: unknown) {
    super(what, { cause });
  }
}

/** An image is sound, and not for this host: another one may boot it. The rewriter turns it into NovaException. */
export class NotForThisHost extends ArchiveRefused {}

/** A name from an archive, as messages show it: quoted, and not longer than a line. */
export function shown(name: string): string {
  const longest = 200;
  return JSON.stringify(name.length > longest ? `${name.slice(0, longest)}…` : name);
}
