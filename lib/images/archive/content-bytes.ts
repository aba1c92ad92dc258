import { ArchiveRefused, shown } from './archive-refused.js';
import type { Extension } from './extended-header.js';
import type { TarHeader } from './tar-header.js';

/** Symbolic and hard links, devices, folders and FIFOs: whatever size they claim, engines read no content of theirs. */
const contentless = new Set(['1', '2', '3', '4', '5', '6']);

/**
 * How many bytes of content follow the header of an entry, as engines see it: whoever counts others takes content for
 * headers, or headers for content.
 *
 * @param extension - what the extended headers before it say.
 * @throws ArchiveRefused when that could not be told.
 */
export function contentBytes(name: string, header: TarHeader, extension: Extension): number {
  const { typeflag } = header;
  if (contentless.has(typeflag)) return 0;
  const size = extension.size ?? header.size;
  // Archivers older than the type for directories marked them so. Which of its names decides, engines know.
  if (typeflag === '\0' && size > 0 && (name === '' || name.endsWith('/')))
    throw new ArchiveRefused(`holds the directory ${shown(name)} and claims that it has ${size} bytes`);
  return size;
}
