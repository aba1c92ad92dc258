import { DriverError } from '../../interfaces/index.js';

/**
 * An archive is malformed or not allowed. The rewriter converts this error into ImageUnacceptable. A separate class
 * distinguishes a fault of the archive from an error of the archive's source, which may be ImageUnacceptable too.
 */
export class ArchiveRefused extends DriverError {
  override readonly name: string = 'ArchiveRefused';
  override readonly code: string = 'ARCHIVE_REFUSED';

  /** @param what - the predicate of a sentence whose subject is the archive: `holds no entries`. */
  constructor(what: string, cause?: unknown) {
    super(what, { cause });
  }
}

/**
 * An image is valid but unsuitable for this host; another host may boot it. The rewriter converts this error into
 * NovaException.
 */
export class NotForThisHost extends ArchiveRefused {
  override readonly name = 'NotForThisHost';
  override readonly code = 'NOT_FOR_THIS_HOST';
}

/**
 * An archive ends early, or in the middle is no archive. So does an engine's archive of files that change while it
 * reads them; another attempt may succeed.
 */
export class ArchiveBroken extends ArchiveRefused {}

/** Quotes a name from an archive for an error message, and truncates a long one. */
export function shown(name: string): string {
  const maxLength = 200;
  return JSON.stringify(name.length > maxLength ? `${name.slice(0, maxLength)}…` : name);
}
