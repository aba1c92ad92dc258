import { ArchiveRefused, shown } from './archive-refused.js';
import type { ArchiveFiles } from './archive-files.js';

/** The role of a metadata file, for error messages. */
type MetadataRole = 'manifest' | 'configuration' | 'index';

/**
 * Finds a metadata file and verifies its digest.
 *
 * @throws ArchiveRefused when the file does not exist, is not metadata, or does not match the digest in its name.
 */
export function metadataAt(files: ArchiveFiles, named: string, role: MetadataRole): Buffer {
  const { path, file } = files.find(named, role);
  switch (file.kind) {
    case 'held':
      validateDigest(path, file.blob);
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
 * Verifies a file that is named by its digest: `<digest>.json`, `blobs/sha256/<digest>`. Other names pass.
 *
 * @throws ArchiveRefused when the digest differs.
 */
export function validateDigest(path: string, digest: string): void {
  const named = /^([0-9a-f]{64})\.json$|^blobs\/sha256\/([0-9a-f]{64})$/.exec(path);
  const claimed = named?.[1] ?? named?.[2];
  if (claimed !== undefined && claimed !== digest)
    throw new ArchiveRefused(`holds ${shown(path)}, whose content has another digest: ${digest}`);
}
