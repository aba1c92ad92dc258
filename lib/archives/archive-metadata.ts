import { ArchiveRefused, shown } from './archive-refused.js';
import type { ArchiveFiles } from './archive-files.js';

/** What a file with metadata is, for messages. */
type MetadataRole = 'manifest' | 'configuration' | 'index';

/**
 * Finds a file with metadata.
 *
 * @throws ArchiveRefused when it is not there, is not metadata, or has not the digest that it is named by.
 */
export function metadataAt(files: ArchiveFiles, named: string, role: MetadataRole): Buffer {
  const { path, file } = files.find(named, role);
  switch (file.kind) {
    case 'held':
      digestMustMatch(path, file.blob);
      return file.content;
    case 'layer':
      throw new ArchiveRefused(
        `has the ${role} ${shown(named)}, which ${file.size === 0 ? 'is empty' : 'is a layer'}`,
      );
    case 'useless':
      throw new ArchiveRefused(`has the ${role} ${shown(named)}, which ${file.because}`);
  }
}

/**
 * Files that are named by their digest must have it: `<digest>.json`, `blobs/sha256/<digest>`.
 *
 * @throws ArchiveRefused when one has not.
 */
export function digestMustMatch(path: string, digest: string): void {
  const named = /^([0-9a-f]{64})\.json$|^blobs\/sha256\/([0-9a-f]{64})$/.exec(path);
  const claimed = named?.[1] ?? named?.[2];
  if (claimed !== undefined && claimed !== digest)
    throw new ArchiveRefused(`holds ${shown(path)}, whose content has another digest: ${digest}`);
}
